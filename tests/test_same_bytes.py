"""Stability: the same input and settings give the same bytes, whatever the machine and its SIMD level."""

import os
import subprocess
import sys
from pathlib import Path

import encoder_bytes
import numpy as np
import pytest

pytestmark = pytest.mark.numpy_only

PINNED = Path(__file__).parent / "data" / "encoder_bytes.csv"


def dispatched_features() -> list[str]:
    """List the SIMD features that NumPy chooses by at run time and this machine has, lowest first."""
    core = np._core._multiarray_umath
    return [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]


def test_bytes_are_those_pinned():
    header, *pinned = PINNED.read_text().splitlines()
    assert header == "input,settings,sha256"
    assert len(pinned) > 500
    found = [
        ",".join((case, f'"{name}"' if "," in name else name, digest)) for case, name, digest in encoder_bytes.digests()
    ]
    changed = [new for new, old in zip(found, pinned, strict=True) if new != old]
    assert not changed, f"{len(changed)} of {len(found)} outputs changed, the first: {changed[:3]}"


def test_bytes_do_not_depend_on_the_simd_level():
    features = dispatched_features()
    if not features:
        pytest.skip("this machine or NumPy build has a single SIMD level")
    for first in range(len(features)):
        disabled = features[first:]
        environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(disabled)}
        ran = subprocess.run(
            [sys.executable, "-W", "error", encoder_bytes.__file__],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout == PINNED.read_text(), f"bytes differ without {disabled}"
