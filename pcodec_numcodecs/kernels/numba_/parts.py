"""How parts of kernels are compiled: as far as it takes to inline them, and no further.

Numba would make machine code of each, and wrappers for Python, which nothing ever calls.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba.core import compiler, compiler_machinery, ir, typed_passes, types, untyped_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass

__all__ = ["part"]


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """Code to be linked into that of others."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


class _LightLibrary(_Library):
    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        """Leave that to what it is inlined into."""


class _Lowering(typed_passes.NativeLowering):  # type: ignore[misc]
    _library: type[_Library]

    def run_pass(self, state: Any) -> bool:
        _check_counts(state)
        codegen = state.targetctx.codegen()
        state.library = self._library(codegen, state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        state.library.finalize()
        lowered = state["cr"]
        # Stands for the machine code that there is not: a built-in function, as it must be, that is like no other.
        entry: Any = list[int]().append
        state.targetctx.insert_user_function(entry, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=entry)
        return True


def _check_counts(state: Any) -> None:
    """Refuse what does not count references, but would have to: of what it returns, or gets from parts."""
    if state.flags.nrt:
        return
    made = [
        signature.return_type
        for call, signature in state.calltypes.items()
        if isinstance(call, ir.Expr)
        and call.op == "call"
        and isinstance(state.typemap[call.func.name], types.Dispatcher)
    ]
    for kind in (state.return_type, *made):
        if state.targetctx.data_model_manager[kind].contains_nrt_meminfo():
            raise TypeError(f"references to arrays must be counted by {state.func_id.func_name}, as it makes some")


@register_pass(mutates_CFG=False, analysis_only=True)
class _Check(compiler_machinery.AnalysisPass):  # type: ignore[misc]
    _name = "check_counts"

    def __init__(self) -> None:
        """Pass nothing on: the base is abstract."""

    def run_pass(self, state: Any) -> bool:
        _check_counts(state)
        return False


_NEEDLESS = {untyped_passes.InlineClosureLikes, typed_passes.NopythonRewrites}
"""What Numba does for functions inside of others, and for chains of operations on whole arrays.

Kernels have neither, and to look for them takes a twentieth of the time.
"""


def _without_needless(passes: Any) -> list[Any]:
    """Finish a pipeline."""
    passes.passes = [(each, name) for each, name in passes.passes if each not in _NEEDLESS]
    passes.finalize()
    return [passes]


class _WholeCompiler(compiler.CompilerBase):  # type: ignore[misc]
    def define_pipelines(self) -> list[Any]:
        passes = compiler.DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_Check, typed_passes.NopythonTypeInference)
        return _without_needless(passes)


@register_pass(mutates_CFG=True, analysis_only=False)
class _FullLowering(_Lowering):
    _name = "part_lowering"
    _library = _Library


@register_pass(mutates_CFG=True, analysis_only=False)
class _LightLowering(_Lowering):
    _name = "light_part_lowering"
    _library = _LightLibrary


class _Compiler(compiler.CompilerBase):  # type: ignore[misc]
    _lowering: type[_Lowering] = _FullLowering

    def define_pipelines(self) -> list[Any]:
        passes = compiler.DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(self._lowering, typed_passes.NativeLowering)
        passes.passes = [(each, name) for each, name in passes.passes if each is not typed_passes.NativeLowering]
        return _without_needless(passes)


class _LightCompiler(_Compiler):
    _lowering = _LightLowering


def whole(function: Callable[..., Any], *, counts: bool, **options: Any) -> Any:
    """Have a kernel compiled, with the options of `numba.njit`, when it is called; for `counts` see `part`."""
    return numba.njit(no_cfunc_wrapper=True, pipeline_class=_WholeCompiler, _nrt=counts, **options)(function)


def part(function: Callable[..., Any], *, light: bool, inline: bool, counts: bool, **options: Any) -> Any:
    """Have a part of kernels compiled, with the options of `numba.njit`, when a kernel is that calls it.

    Parameters
    ----------
    light
        Whether it is optimised only within kernels: it takes less time, but some loops get slower.
    inline
        Whether it becomes part of the functions that call it.
    counts
        Whether references to arrays are counted, with atomic additions to each slice of them, for parts that make
        arrays or return some. Others are given theirs by functions that hold them all the while.
    """
    made = _LightCompiler if light else _Compiler
    wrappers = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(forceinline=inline, pipeline_class=made, _nrt=counts, **wrappers, **options)(function)
