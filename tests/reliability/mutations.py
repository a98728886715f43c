"""Damage to sound inputs: of bytes anywhere, and of the values of JSON."""

import json
import random
from collections.abc import Sequence
from typing import Any

MOST = 4
ODD = (0, 1, 2, 0x7F, 0x80, 0x81, 0xFE, 0xFF)
LONGEST = 1 << 13

HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 8, 12, 13, 255, 256, 1 << 24, (1 << 24) + 1, 1 << 63, 1 << 64, 1 << 70, -(1 << 70)),
    *(0.0, -0.0, 0.5, 8.0, 1e400, -1e400, float("nan"), 1e-320, "", "auto", "none", "no_op", "try_dict", "8"),
    *("\0", "é" * 50, "a" * 5000, "balanced", "whole", "try_consecutive", "classic", "pcodec", "numcodecs.pcodec"),
    *([], [1], [0, 4], [4, -1], [1 << 40], [1.5], ["4"], [[1]], {}, {"a": 1}, [None] * 70, [3, 4, 5]),
)


def damaged(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return an input with one to four changes; the others lend parts."""
    made = bytearray(data)
    for _ in range(rng.randint(1, MOST)):
        kind = rng.randrange(9)
        place = rng.randrange(len(made)) if made else 0
        if not made or kind == 0:
            made.insert(place, rng.choice(ODD))
        elif kind <= 2:
            made[place] ^= 1 << rng.randrange(8)
        elif kind == 3:
            made[place] = rng.choice(ODD)
        elif kind == 4:
            made[place] = rng.randrange(256)
        elif kind == 5:
            made[place] = (made[place] + rng.choice((-2, -1, 1, 2))) & 255
        elif kind == 6:
            del made[place : place + rng.choice((1, 1, 2, 4, 1 << 20))]
        elif kind == 7:
            some = made[place : place + rng.choice((1, 2, 4, 8, 32))]
            to = rng.randrange(len(made) + 1)
            made[to : to + (len(some) if rng.random() < 0.5 else 0)] = some
        else:
            other = rng.choice(others)
            start = rng.randrange(len(other)) if other else 0
            made[place:] = other[start if rng.random() < 0.5 else min(place, len(other)) :]
    return bytes(made[:LONGEST])


def damaged_json(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return a piece of JSON with other values or keys; seldom with other bytes."""
    if rng.random() < 0.1:
        return damaged(rng, data, others)
    entry = json.loads(data)
    for _ in range(rng.randint(1, MOST)):
        entry = _changed(rng, entry)
    return json.dumps(entry).encode()


def _changed(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        kind = rng.randrange(8)
        if kind == 0:
            return {name: one for name, one in value.items() if name != key}
        if kind == 1:
            return {**value, rng.choice(("level", "tile", "predictor", "access", "id", "name", "é", "")): _any(rng)}
        return {**value, key: _changed(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.5:
        place = rng.randrange(len(value))
        return [*value[:place], _changed(rng, value[place]), *value[place + 1 :]]
    return _any(rng)


def _any(rng: random.Random) -> Any:
    return rng.choice(HOSTILE) if rng.random() < 0.8 else rng.randrange(-20, 20)
