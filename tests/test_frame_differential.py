"""Both readers of frames agree on damage that all checksums vouch for: what is refused, and what cells there are."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from frame_oracle import Frame, WrongError
from frame_pipelines import FEATURES
from wheel_oracle import outcome

from pcodec_numcodecs import CorruptionError, InsufficientDataError, InvalidArgumentError, frame
from pcodec_numcodecs.frame.checksums import crc32c
from pcodec_numcodecs.frame.head import read_head

ODD_BYTES = (0, 1, 0x7F, 0x80, 0xFF)
ROUNDS = 8


@cache
def written(name: str) -> bytes:
    return FEATURES[name]().write()


def damaged(data: bytes, rng: np.random.Generator, in_head: bool) -> bytes:
    """Change some bytes of the head, or some behind it, and then put right all checksums that are in their places."""
    layout = read_head(memoryview(data))
    size = layout.head_size
    spoilt = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(14, size - 4) if in_head else rng.integers(size, len(data)))
        spoilt[place] = int(rng.choice([*ODD_BYTES, int(rng.integers(256)), spoilt[place] ^ 1 << rng.integers(8)]))
    starts = layout.page_starts.tolist()
    stretches = [*layout.stream_bounds, *pairwise(starts)]
    for (start, stop), crc in zip(stretches, [*layout.stream_crcs, *layout.page_crcs.tolist()], strict=True):
        if not in_head and spoilt[start:stop] != data[start:stop]:
            place = data.index(int(crc).to_bytes(4, "little"), 14, size)
            spoilt[place : place + 4] = crc32c(bytes(spoilt[start:stop])).to_bytes(4, "little")
    spoilt[size - 4 : size] = crc32c(bytes(spoilt[: size - 4])).to_bytes(4, "little")
    return bytes(spoilt)


def ours(data: bytes) -> bytes | str:
    try:
        return frame.read(data, max_bytes=1 << 20).tobytes()
    except InvalidArgumentError:
        return "too large"
    except (CorruptionError, InsufficientDataError):
        return "refused"


def theirs(data: bytes) -> bytes | str:
    def read() -> bytes | str:
        try:
            return Frame(data).array().tobytes()
        except WrongError as error:
            # A stream that no page needs is never read by the package, and so not checked.
            return "unneeded" if str(error) == "CRC of a chunk-level stream" else "refused"

    return outcome(read)


@pytest.mark.parametrize("in_head", [True, False], ids=["head", "streams and pages"])
@pytest.mark.parametrize("name", FEATURES)
def test_readers_agree(name, in_head):
    unchanged = FEATURES[name]().array.tobytes()
    rng = np.random.default_rng([list(FEATURES).index(name), in_head])
    for _ in range(ROUNDS):
        data = damaged(written(name), rng, in_head)
        found = ours(data)
        if found != "too large":
            expected = theirs(data)
            assert found == expected if expected != "unneeded" else found in ("refused", unchanged)
