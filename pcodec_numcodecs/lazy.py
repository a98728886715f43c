"""Attributes that are computed when first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

__all__ = ["lazy_property"]

Value = TypeVar("Value")


class lazy_property(Generic[Value]):  # noqa: N801 - stands where `property` would
    """What a method returns, computed once an instance and kept in its `__dict__`.

    Until Python 3.12, `functools.cached_property` holds one lock for all instances of a class while it computes, so
    threads that each write a Zarr chunk of their own would wait for one another. Here two threads that share an
    instance may both compute, which gives the same value.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "lazy_property[Value]": ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object | None, owner: type) -> "lazy_property[Value] | Value":
        if instance is None:
            return self
        return instance.__dict__.setdefault(self._name, self._compute(instance))
