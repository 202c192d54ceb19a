"""The few changes to veRL, vLLM and torch that have no registry and that a CPU run cannot do without.

Written for veRL 0.9.1 and vLLM (CPU build) 0.28.0. Each entry of ``PATCHES`` names the module it waits for,
what it changes and why; it is applied once, when that module is first imported, and raises ``PatchError``
when the place it changes is no longer there. ``tests/cpu/test_patches.py`` fails when veRL or vLLM moves.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import wrapt

VERL_VERSION = "0.9.1"
VLLM_VERSION = "0.28.0"


class PatchError(RuntimeError):
    """The code that a patch changes has moved; the message names the patch."""


def _expect(condition: bool, patch: str, what: str) -> None:
    if not condition:
        raise PatchError(
            f"patch {patch!r} no longer fits: {what}. It was written for veRL {VERL_VERSION} and vLLM {VLLM_VERSION}; "
            "see src/cpu/patches.py"
        )


def _one_backend_for_gloo(distributed: Any) -> None:
    """veRL asks for ``cpu:gloo,<device>:<backend>``; with the device ``cpu`` torch rejects the duplicate."""
    original: Any = getattr(distributed, "init_process_group", None)
    _expect(
        original is not None and next(iter(inspect.signature(original).parameters)) == "backend",
        "one_backend_for_gloo",
        "torch.distributed.init_process_group(backend) is missing",
    )

    @functools.wraps(original)
    def init_process_group(backend: str | None = None, *args: Any, **kwargs: Any) -> Any:
        return original("gloo" if backend == "cpu:gloo,cpu:gloo" else backend, *args, **kwargs)

    distributed.init_process_group = init_process_group


def _fsdp_engine_on_cpu(module: Any) -> None:
    """veRL registers its FSDP engine for cuda and npu only; the same classes run on the CPU.

    Its reference model is offloaded with pinned memory, which needs an accelerator: pinning is turned off.
    """
    from verl.workers.engine.base import EngineRegistry

    for name, model_type in (
        ("FSDPEngineWithLMHead", "language_model"),
        ("FSDPEngineWithValueHead", "value_model"),
    ):
        _expect(hasattr(module, name), "fsdp_engine_on_cpu", f"{module.__name__}.{name} is missing")
        EngineRegistry.register(model_type=model_type, backend=["fsdp2"], device="cpu")(getattr(module, name))
    _expect(hasattr(module, "CPUOffloadPolicy"), "fsdp_engine_on_cpu", "CPUOffloadPolicy is not imported there")
    module.CPUOffloadPolicy = functools.partial(_unpinned, module.CPUOffloadPolicy)


def _unpinned(policy: Callable[..., Any], *_: Any, **__: Any) -> Any:
    return policy(pin_memory=False)


def _copy_received_weights(module: Any) -> None:
    """Weights arrive as views of a shared-memory segment, which cannot be closed while a view lives."""
    receiver: Any = getattr(module, "BucketedWeightReceiver", None)
    _expect(
        receiver is not None and "on_bucket_received" in inspect.signature(receiver.receive_weights).parameters,
        "copy_received_weights",
        "BucketedWeightReceiver.receive_weights(on_bucket_received) is missing",
    )
    original = receiver.receive_weights

    @functools.wraps(original)
    def receive_weights(self: Any, on_bucket_received: Callable[[list, bool], None]) -> None:
        def with_copies(weights: list, is_last: bool) -> None:
            on_bucket_received([(name, tensor.clone()) for name, tensor in weights], is_last)

        original(self, with_copies)

    receiver.receive_weights = receive_weights


def _live_linear_weights(module: Any) -> None:
    """vLLM's CPU linear layers repack their weights once and drop the originals.

    The next weight sync would then fail, or leave the packed copy stale: multiply by the live weights instead.
    """
    original = getattr(module, "dispatch_cpu_unquantized_gemm", None)
    _expect(
        original is not None and list(inspect.signature(original).parameters) == ["layer", "remove_weight"],
        "live_linear_weights",
        "vllm's dispatch_cpu_unquantized_gemm(layer, remove_weight) is missing",
    )

    def keep_weight(layer: Any, remove_weight: bool) -> None:
        import torch

        layer.cpu_linear = torch.nn.functional.linear

    module.dispatch_cpu_unquantized_gemm = keep_weight


@dataclass(frozen=True)
class Patch:
    """``apply`` is called with the module named ``waits_for`` as soon as that module is imported."""

    waits_for: str
    apply: Callable[[Any], None]


PATCHES: tuple[Patch, ...] = (
    Patch("torch.distributed", _one_backend_for_gloo),
    Patch("verl.workers.engine.fsdp.transformer_impl", _fsdp_engine_on_cpu),
    Patch("verl.workers.rollout.vllm_rollout.bucketed_weight_transfer", _copy_received_weights),
    Patch("vllm.model_executor.layers.utils", _live_linear_weights),
)

_applied = False


def apply() -> None:
    """Apply every patch now or when its module is imported; a second call does nothing."""
    global _applied
    if _applied:
        return
    _applied = True
    for patch in PATCHES:
        wrapt.register_post_import_hook(patch.apply, patch.waits_for)
