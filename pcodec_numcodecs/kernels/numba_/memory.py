"""How much of what is freed the process keeps: memory that the system has to hand out again costs more than the work.

To take a page of 4 KiB from the system takes one or two microseconds, in which 500 numbers are decoded. The GNU C
library gives memory back as soon as more is free than twice the largest block, up to 32 MiB, that was ever freed; a
chunk's arrays are more than that together, and so each call would take them anew.
"""

from typing import Final

import numpy as np

__all__ = ["keep_freed_memory"]

_BLOCK: Final = 31 << 20
"""Just below what is the largest block that counts; from then on twice as much may stay, of each thread's memory."""


def keep_freed_memory() -> None:
    """Free a block that is large and was never touched, as any process that works with arrays does sooner or later.

    Who has set other limits in the environment (``MALLOC_TRIM_THRESHOLD_``) keeps them, and other C libraries take no
    notice.
    """
    np.empty(_BLOCK, np.uint8)
