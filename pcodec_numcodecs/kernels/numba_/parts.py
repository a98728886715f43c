"""How parts of kernels are compiled: as far as it takes to inline them, and no further.

Numba would optimise each by itself and make machine code of it, which nothing ever calls. That took half of the time;
what is inlined is optimised where it lands.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba.core import compiler, typed_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass

__all__ = ["inlinable"]


class _Optimised(JITCodeLibrary):  # type: ignore[misc]
    """Code to be linked into that of others."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


class _Unoptimised(_Optimised):
    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        """Leave that to what it is inlined into."""


class _Lowering(typed_passes.NativeLowering):  # type: ignore[misc]
    _library: type[JITCodeLibrary]

    def run_pass(self, state: Any) -> bool:
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


@register_pass(mutates_CFG=True, analysis_only=False)
class _UnoptimisedLowering(_Lowering):
    _name = "part_unoptimised_lowering"
    _library = _Unoptimised


@register_pass(mutates_CFG=True, analysis_only=False)
class _OptimisedLowering(_Lowering):
    _name = "part_optimised_lowering"
    _library = _Optimised


class _Compiler(compiler.CompilerBase):  # type: ignore[misc]
    _lowering: type[_Lowering] = _UnoptimisedLowering

    def define_pipelines(self) -> list[Any]:
        passes = compiler.DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(self._lowering, typed_passes.NativeLowering)
        passes.passes = [(each, name) for each, name in passes.passes if each is not typed_passes.NativeLowering]
        passes.finalize()
        return [passes]


class _OptimisingCompiler(_Compiler):
    _lowering = _OptimisedLowering


def inlinable(function: Callable[..., Any], optimised: bool, **options: Any) -> Any:
    """Have a part of kernels compiled, with the options of `numba.njit`, when a kernel is that calls it.

    Parameters
    ----------
    optimised
        Whether it is optimised by itself as well: some loops come out better so.
    """
    made = _OptimisingCompiler if optimised else _Compiler
    wrappers = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(forceinline=True, pipeline_class=made, **wrappers, **options)(function)
