"""What a form that is read less well must save to be chosen: a part of its price, in 1024ths."""

from typing import Final

__all__ = ["LISTED", "ROWS", "WHOLE", "handicapped", "of_steps"]

_LOG: Final = 10
WHOLE: Final = {"balanced": 96, "whole": 0}
"""A single page for all cells, by the access that is asked for: it cannot be read in parts."""
ROWS: Final = 4
"""Pages of whole rows, of which many are read for a column."""
_PREDICTED: Final = 16
"""To undo a prediction takes about as long as all else that is done with a cell."""
LISTED: Final = 16
"""To look cells up in a list of values takes nearly as long."""
_MASKED: Final = 36
"""What masks leave is spread, and then placed: two passes more over all cells, through memory of their own."""
_LEAST: Final = 1
"""Any prediction where time is no matter: noise is not to be predicted."""


def handicapped(price: int, handicap: int) -> int:
    """Return a price, or a size, with what must be saved on top."""
    return price + (price * handicap >> _LOG)


def of_steps(is_predicted: bool, is_listed: bool, is_masked: bool, is_patient: bool) -> int:
    """Return the handicap of steps for the time that they take to be undone; the patient look at the size alone."""
    if is_patient:
        return _LEAST * is_predicted
    return _PREDICTED * is_predicted + LISTED * is_listed + _MASKED * is_masked
