"""Pco as what Zarr takes where nobody asks for a codec; as a plugin of pytest, for the tests of other packages too.

`pytest -p pco_as_default --pyargs xarray.tests.test_backends` with this folder on the path. Arrays of types that Pco
does not hold keep what Zarr gives them.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest import mock

import zarr.core.array

from pcodec_numcodecs import Pco, PcoSerializer
from pcodec_numcodecs.codecs.xarray import _holds
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer as Serializer

USED: Counter[str] = Counter()
"""Chunks that were encoded and decoded."""


@contextlib.contextmanager
def pco_as_default(level: int = 1) -> Iterator[Counter[str]]:
    """Have Zarr write numbers by Pco, in both formats; count chunks."""
    array = zarr.core.array
    serializer, compressors, compressor = (
        getattr(array, name) for name in ("default_serializer_v3", "default_compressors_v3", "default_compressor_v2")
    )

    def held(dtype: Any) -> bool:
        return _holds(dtype.to_native_dtype())

    def counted(name: str, work: Any) -> Any:
        def call(*arguments: Any, **others: Any) -> Any:
            USED[name] += 1
            return work(*arguments, **others)

        return call

    with (
        mock.patch.object(
            array, "default_serializer_v3", lambda dtype: PcoSerializer(level) if held(dtype) else serializer(dtype)
        ),
        mock.patch.object(array, "default_compressors_v3", lambda dtype: () if held(dtype) else compressors(dtype)),
        mock.patch.object(
            array, "default_compressor_v2", lambda dtype: Pco(level) if held(dtype) else compressor(dtype)
        ),
        mock.patch.object(Serializer, "_encode_sync", counted("v3 written", Serializer._encode_sync)),
        mock.patch.object(Serializer, "_decode_sync", counted("v3 read", Serializer._decode_sync)),
        mock.patch.object(Serializer, "_decode_partial_single", counted("v3 read", Serializer._decode_partial_single)),
        mock.patch.object(Serializer, "_decode_partial_sync", counted("v3 read", Serializer._decode_partial_sync)),
        mock.patch.object(Pco, "encode", counted("v2 written", Pco.encode)),
        mock.patch.object(Pco, "decode", counted("v2 read", Pco.decode)),
    ):
        yield USED


def pytest_configure(config: Any) -> None:
    """Stay the default until the end of the session; called where this module is a plugin."""
    stack = contextlib.ExitStack()
    stack.enter_context(pco_as_default())
    config.add_cleanup(stack.close)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell that Pco was used."""
    terminalreporter.write_line(f"chunks by Pco: {dict(USED)}")
