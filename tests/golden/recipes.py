"""Which golden files there are: an input case, and the settings it is compressed with.

Settings are a dict that stands for the same wish in every generation of the wheel's API:
`level` 0-12; `mode` a name, or (name, parameter); `delta` likewise; `pages` the most numbers in a page, or a list
of page sizes (one page makes one chunk in a standalone file). What is absent is left to the wheel.
A wheel leaves out what it cannot do.
"""

from inputs import DTYPES, FLOATS, case_names

BASES = {"f16": 0.1, "f32": 0.01, "f64": 0.01, "8": 7, "16": 300, "32": 100003, "64": 1000000007}
COARSE_BITS = {"f16": 6, "f32": 15, "f64": 44}
NARROW = [dtype for dtype in DTYPES if not dtype.endswith("64")]


def label(case, settings):
    """The part of a file's name that tells its recipe."""
    parts = [case]
    for key in ("level", "mode", "delta", "pages"):
        wish = settings.get(key)
        if wish is None:
            continue
        if isinstance(wish, list):
            parts.append("pages_" + "_".join(map(str, wish)))
        elif isinstance(wish, tuple):
            parts.append(wish[0] + "_" + str(wish[1]).replace(".", "p"))
        else:
            parts.append(wish if isinstance(wish, str) else key + "_" + str(wish))
    return ".".join(parts)


def int_mult(dtype):
    return ("int_mult", BASES[dtype[1:]])


def float_mult(dtype):
    return ("float_mult", BASES[dtype])


def float_quant(dtype):
    return ("float_quant", COARSE_BITS[dtype])


def consecutive(order):
    return ("consecutive", order)


def conv1(order):
    return ("conv1", order)


def standalone_recipes():
    """(case, settings) of every `.pco` file."""
    found = [(case, {}) for case in case_names()]

    def add(case, **settings):
        found.append((case, settings))

    for level in (0, 4, 12):
        for case in ("skewed-i32", "decimals-f64", "drift-u64"):
            add(case, level=level)
    add("bell-u32", level=12)
    for case in ("drift-i32", "decimals-f64", "multiples-u64"):
        add(case, mode="classic", delta="none")
    for order in range(1, 8):
        add("poly-i32", mode="classic", delta=consecutive(order))
    for order in (1, 7):
        for case in ("poly-f64", "poly-u64", "poly-u16"):
            add(case, mode="classic", delta=consecutive(order))
    add("specials-f32", mode="classic", delta=consecutive(2))
    add("extremes-i64", mode="classic", delta=consecutive(1))
    add("extremes-i32", mode="classic", delta=consecutive(7))
    add("drift-i8", mode="classic", delta=consecutive(2))

    # Left alone, the wheels find the base or the precision in some dtypes only.
    for dtype in ("u8", "i8", "u16", "i16", "u32"):
        add("multiples-" + dtype, mode=int_mult(dtype), delta="none")
    add("multiples-u32", mode=int_mult("u32"), delta=consecutive(1))
    add("multiples-u32", mode=int_mult("u32"), delta=consecutive(3), pages=[257, 256, 87])
    add("drift-i64", mode=("int_mult", 1))
    for dtype in FLOATS:
        add("decimals-" + dtype, mode=float_mult(dtype), delta="none")
        add("specials-" + dtype, mode=("float_mult", 0.5), delta="none")
        add("specials-" + dtype, mode=("float_quant", 4), delta="none")
    add("decimals-f64", mode=float_mult("f64"), delta=consecutive(2))
    add("quant-f64", mode=float_quant("f64"), delta=consecutive(1))
    for dtype in ("u8", "i16", "f16", "u32", "f32", "i64", "f64"):
        add("repeats-" + dtype, mode="dict", delta="none")
    add("repeats-i64", mode="dict", delta=consecutive(1))
    add("repeats-f64", mode="dict", delta="lookback")
    add("repeats-f32", mode="dict", delta=conv1(2))

    add("multiples-i64", mode=int_mult("i64"), delta="lookback")
    add("quant-f32", mode=float_quant("f32"), delta="lookback")
    for dtype in NARROW:
        add("wave-" + dtype, mode="classic", delta=conv1(2))
    for order in (1, 5, 32):
        add("wave-i32", mode="classic", delta=conv1(order))
    add("multiples-u16", mode=int_mult("u16"), delta=conv1(4))
    add("decimals-f32", mode=float_mult("f32"), delta=conv1(3))

    add("drift-i32", pages=100)
    add("decimals-f32", pages=256)
    add("poly-i32", mode="classic", delta=consecutive(7), pages=[1, 2, 3, 7, 8, 9, 270])
    add("skewed-u64", pages=[256, 144])
    add("wave-i16", mode="classic", delta=conv1(2), pages=[2, 3, 295])
    add("periodic-u64", mode="classic", delta="lookback", pages=[1, 2, 437, 40])
    add("periodic-u64", mode="classic", delta="lookback", pages=[3, 2, 435, 40])
    return found


def wrapped_recipes():
    """(case, settings) of every wrapped chunk; its pages share one metadata."""
    return [
        ("drift-i32", {"pages": 256}),
        ("skewed-u16", {"mode": "classic", "delta": "none", "pages": [256, 1, 143]}),
        ("poly-u64", {"delta": consecutive(3), "pages": [1, 3, 2, 294]}),
        ("multiples-u32", {"mode": int_mult("u32"), "delta": "none", "pages": 200}),
        ("multiples-u8", {"mode": int_mult("u8"), "delta": consecutive(1), "pages": 200}),
        ("multiples-i64", {"pages": 300}),
        ("decimals-f64", {"pages": 300}),
        ("decimals-f16", {"mode": float_mult("f16"), "delta": "none", "pages": [512, 88]}),
        ("quant-f32", {"mode": float_quant("f32"), "delta": consecutive(1), "pages": 260}),
        ("specials-f64", {"pages": [50, 50]}),
        ("repeats-f64", {"mode": "dict", "delta": "none", "pages": 130}),
        ("repeats-u32", {"mode": "dict", "delta": "lookback", "pages": [1, 259, 130]}),
        ("periodic-f32", {"mode": "classic", "delta": "lookback", "pages": [2, 3, 300, 175]}),
        ("periodic-u64", {"mode": "classic", "delta": "lookback", "pages": 240}),
        ("wave-i16", {"mode": "classic", "delta": conv1(2), "pages": [2, 298]}),
        ("wave-i8", {"mode": "classic", "delta": conv1(7), "pages": 150}),
        ("long-u32", {}),
    ]
