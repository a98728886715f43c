"""The codec `pcodec` of numcodecs, without its compiled wheel."""

import operator
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

import numpy as np
import numpy.typing as npt
from numcodecs.abc import Codec

from ..buffers import Buffer
from ..config import ChunkConfig, DeltaSpec, ModeSpec, PagingSpec
from ..constants import DEFAULT_LEVEL, DEFAULT_PAGE_NUMBERS
from ..errors import InvalidArgumentError
from ..standalone import simple_compress, simple_decompress
from .numbers import as_array, as_numbers, check_chunk_bytes, fill, number_dtype
from .unknown import UnknownSettingWarning

__all__ = ["PCodec", "check_dtype", "known_settings"]

_SETTINGS: Final = (
    "level",
    "mode_spec",
    "delta_spec",
    "paging_spec",
    "delta_encoding_order",
    "equal_pages_up_to",
)


def known_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the settings of `PCodec` from an entry in an array's metadata, and warn of the rest.

    A later release of numcodecs may add settings. Chunks can be read without knowing any, so this is no error.
    """
    if unknown := sorted(config.keys() - {*_SETTINGS, "id"}):
        warnings.warn(
            f"settings of the codec 'pcodec' are {', '.join(map(repr, _SETTINGS))}, got "
            f"{', '.join(map(repr, unknown))} as well, which is ignored; check the spelling before you write with it",
            UnknownSettingWarning,
            stacklevel=3,
        )
    return {name: config[name] for name in _SETTINGS if name in config}


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Refuse what the codec `pcodec` does not hold, in any byte order.

    Raises
    ------
    TypeError
        For dtypes that Pco cannot hold, and for 8-bit ones, which readers of this codec may not know.
    """
    if number_dtype(dtype).itemsize == 1:
        raise TypeError(
            f"the codec 'pcodec' holds numbers of 16 to 64 bits, got dtype {dtype}; "
            "use the codec 'pcodec_numcodecs.pco', or another compressor"
        )


def _encode_file(array: npt.NDArray[Any], config: ChunkConfig) -> bytes:
    if not array.dtype.isnative:
        # Zarr views what decode returns as the array's dtype, but a .pco file does not say which byte order it was.
        raise TypeError(
            f"byte order must be native, got dtype {array.dtype}; create the array with dtype "
            f"{array.dtype.newbyteorder('=')}, or use another compressor"
        )
    check_chunk_bytes(array)
    # Memory order, as all of numcodecs does it: for an array of order="F", Zarr hands over Fortran-contiguous chunks
    # and gives the decoded numbers their shape in that order again. Strided input has no order to keep: C order.
    return simple_compress(as_numbers(array), config)


def _decode_file(buf: Buffer, out: object) -> Any:
    numbers = simple_decompress(buf)
    if numbers is None:
        # A file without numbers does not say their type.
        numbers = np.empty(0, np.uint8)
    return numbers if out is None else fill(out, numbers)


def _choose(name: str, value: object, choices: Mapping[str, Any]) -> Any:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {type(value).__name__}")
    if value not in choices:
        raise InvalidArgumentError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return choices[value]


class PCodec(Codec):
    """The codec `pcodec` of numcodecs without its compiled wheel: same parameters, metadata and chunks.

    Use it for data that others read with numcodecs, and to read theirs; `Pco` holds more types and refuses less.
    Settings are checked when it is created, not at the first chunk.

    Parameters
    ----------
    level
        0 to 12; better ratio and slower encoding with each step.
    mode_spec
        ``"auto"`` or ``"classic"``.
    delta_spec
        ``"auto"``, ``"none"`` (also spelt ``"no_op"``), ``"try_consecutive"`` or ``"try_lookback"``.
    paging_spec
        ``"equal_pages_up_to"``.
    delta_encoding_order
        Order of consecutive deltas, 0 to 7. Needed for ``"try_consecutive"``; with ``"auto"`` it means the same.
    equal_pages_up_to
        Numbers that are coded together at most.

    Raises
    ------
    TypeError, InvalidArgumentError
        At once, for a setting of another type or out of its limits.
    """

    codec_id = "pcodec"

    # No dictionaries: the wheel that numcodecs 0.16 installs does not know them.
    _MODES: ClassVar = {"auto": ModeSpec.auto(dictionary=False), "classic": ModeSpec.classic()}
    # Values: what to ask of Pco, and whether an order goes with it.
    _DELTAS: ClassVar = {
        "auto": (DeltaSpec.auto(), True),
        "none": (DeltaSpec.no_op(), False),
        "no_op": (DeltaSpec.no_op(), False),
        "try_consecutive": (None, True),
        "try_lookback": (DeltaSpec.try_lookback(), False),
    }
    _PAGINGS: ClassVar = {"equal_pages_up_to": PagingSpec.equal_pages_up_to}

    def __init__(
        self,
        level: int = DEFAULT_LEVEL,
        *,
        mode_spec: str = "auto",
        delta_spec: str = "auto",
        paging_spec: str = "equal_pages_up_to",
        delta_encoding_order: int | None = None,
        equal_pages_up_to: int = DEFAULT_PAGE_NUMBERS,
    ) -> None:
        self.level = level
        self.mode_spec = mode_spec
        self.delta_spec = delta_spec
        self.paging_spec = paging_spec
        self.delta_encoding_order = delta_encoding_order
        self.equal_pages_up_to = equal_pages_up_to
        self._settings()
        # Integers of NumPy pass the check but are no JSON.
        self.level, self.equal_pages_up_to = operator.index(level), operator.index(equal_pages_up_to)
        if delta_encoding_order is not None:
            self.delta_encoding_order = operator.index(delta_encoding_order)

    def _settings(self) -> ChunkConfig:
        mode = _choose("mode_spec", self.mode_spec, self._MODES)
        delta, takes_order = _choose("delta_spec", self.delta_spec, self._DELTAS)
        if self.delta_encoding_order is not None:
            if not takes_order:
                raise InvalidArgumentError(
                    "delta_encoding_order may only be given for delta_spec 'try_consecutive' or 'auto', "
                    f"got {self.delta_encoding_order} for {self.delta_spec!r}"
                )
            delta = DeltaSpec.try_consecutive(self.delta_encoding_order)
        elif delta is None:
            raise InvalidArgumentError("delta_encoding_order must be 0 to 7 for delta_spec 'try_consecutive', got None")
        paging = _choose("paging_spec", self.paging_spec, self._PAGINGS)
        return ChunkConfig(self.level, mode, delta, paging(self.equal_pages_up_to))

    def encode(self, buf: object) -> bytes:
        """Compress a chunk, as `Pco.encode` does.

        Raises
        ------
        TypeError
            For numbers that Pco cannot hold, and for 8-bit ones, which readers of this codec may not know; for another
            byte order; for bytes.
        InvalidArgumentError
            For a chunk of more than 8 GiB.
        """
        array = as_array(buf)
        check_dtype(array.dtype)
        return _encode_file(array, self._settings())

    def decode(self, buf: Buffer, out: object = None) -> Any:
        """Decompress a chunk, as `Pco.decode` does: any standalone .pco file, into `out` if it is given.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When the file breaks the format or is cut short.
        InvalidArgumentError
            When `out` is not contiguous and writeable, or not of just the chunk's bytes.
        """
        return _decode_file(buf, out)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make the codec of its entry in an array's metadata, with or without the `id`.

        Unknown keys are ignored with an `UnknownSettingWarning`.

        Raises
        ------
        TypeError, InvalidArgumentError
            For a setting of another type or out of its limits.
        """
        return cls(**known_settings(config))

    def get_config(self) -> dict[str, Any]:
        """Return the codec's entry in an array's metadata."""
        config: dict[str, Any] = super().get_config()
        if self.delta_spec == "no_op":
            # Of the two spellings, the one that every reader of this metadata knows.
            config["delta_spec"] = "none"
        return config

    def __hash__(self) -> int:
        # Goes with the comparison that numcodecs has. Its codecs can be changed; a changed one is another codec.
        return hash(tuple(self.get_config().items()))
