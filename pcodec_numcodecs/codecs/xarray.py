"""The right encoding for every variable of an xarray object."""

import warnings
from collections.abc import Hashable
from typing import Any

import numpy as np

from ..constants import DEFAULT_LEVEL
from ..errors import InvalidArgumentError
from ..frame import FrameSettings
from ..frame.elements import element_of

__all__ = ["encoding_for"]

# Of a variable's own encoding, what Zarr arrays share and xarray's CF coders leave alone. No filters: they would
# hide from Pco the numbers that it is to choose for.
_KEPT = {2: ("chunks",), 3: ("chunks", "shards", "fill_value")}

_UNNAMED = "__xarray_dataarray_variable__"
"""What xarray calls a DataArray in a store when it has no name of its own there."""


def encoding_for(
    dataset: Any,
    zarr_format: int = 3,
    level: int = DEFAULT_LEVEL,
    *,
    predictor: str = "auto",
    access: str = "balanced",
) -> dict[Any, dict[Any, Any]]:
    """Choose Pco for every variable that it can hold, for the `encoding` of `to_zarr`.

    What xarray would write without this (packed integers and their scale, fill values, units of time, chunks) stays
    the same. Variables of other types, such as strings, are left out, and so get what they would get without this.

    Parameters
    ----------
    dataset
        Dataset, DataArray or DataTree; its data are not read, but for one element where the type alone does not tell.
    zarr_format
        2 or 3, as it is passed to `to_zarr`.
    level, predictor, access
        See `pcodec_numcodecs.frame.FrameSettings`.

    Returns
    -------
    Encoding of each variable by its name; for a DataTree, these by the path of the node.

    Raises
    ------
    TypeError, InvalidArgumentError
        For another kind of object, Zarr format or setting.

    Examples
    --------
    >>> dataset.to_zarr(store, zarr_format=3, encoding=encoding_for(dataset))  # doctest: +SKIP
    """
    if zarr_format not in _KEPT:
        raise InvalidArgumentError(f"zarr_format must be 2 or 3, got {zarr_format!r}")
    return _encoding(dataset, zarr_format, FrameSettings(level, "auto", predictor, access))


def _encoding(dataset: Any, zarr_format: int, settings: FrameSettings) -> dict[Any, dict[Any, Any]]:
    if hasattr(dataset, "subtree"):
        return {node.path: _encoding(node.to_dataset(inherit=False), zarr_format, settings) for node in dataset.subtree}
    if hasattr(dataset, "to_dataset"):
        taken = dataset.name is None or dataset.name in dataset.coords or dataset.name in dataset.dims
        dataset = dataset.to_dataset(name=_UNNAMED if taken else dataset.name)
    if not hasattr(dataset, "variables"):
        raise TypeError(f"dataset must be a Dataset, DataArray or DataTree of xarray, got {type(dataset).__name__}")
    return {
        name: encoding | _codec(zarr_format, settings)
        for name, variable in dataset.variables.items()
        if (encoding := _without_codec(name, variable, zarr_format)) is not None
    }


def _codec(zarr_format: int, settings: FrameSettings) -> dict[str, Any]:
    if zarr_format == 2:
        from .numcodecs import Pco

        return {"compressors": (Pco(settings.level, settings.tile, settings.predictor, settings.access),)}
    from .zarr3 import PcoSerializer

    codec = PcoSerializer(settings.level, settings.tile, settings.predictor, settings.access)
    return {"serializer": codec, "compressors": None}


def _holds(dtype: np.dtype[Any]) -> bool:
    """Tell whether a frame can hold elements of a dtype."""
    try:
        element_of(dtype)
    except TypeError:
        return False
    return True


def _without_codec(name: Hashable, variable: Any, zarr_format: int) -> dict[str, Any] | None:
    """Return the part of a variable's encoding that `to_zarr` has to be given again, or None if Pco cannot hold it.

    An `encoding` given to `to_zarr` replaces the variable's own and may hold nothing that xarray does not use up. So
    xarray itself is asked what it would use up, and what type comes out.
    """
    from xarray import Variable
    from xarray.conventions import encode_cf_variable

    if not isinstance(variable.dtype, np.dtype):
        return None
    if variable.dtype.kind == "O":
        # Strings or cftime dates: only an element tells.
        sample = variable[(slice(0, 1),) * variable.ndim].to_base_variable().copy(deep=False)
    else:
        sample = Variable(variable.dims, np.zeros((0,) * variable.ndim, variable.dtype), variable.attrs)
    sample.encoding = dict(variable.encoding)
    with warnings.catch_warnings():
        # Whatever there is to warn of, xarray says it when it writes.
        warnings.simplefilter("ignore")
        written = encode_cf_variable(sample, name=name)
    if not _holds(written.dtype):
        return None
    kept = {
        key: value
        for key, value in variable.encoding.items()
        # `_FillValue` may be None as well: none is wanted, though xarray likes to give floats one.
        if key not in written.encoding or key == "_FillValue" or (key in _KEPT[zarr_format] and value is not None)
    }
    return kept
