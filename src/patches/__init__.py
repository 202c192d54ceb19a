"""The few changes to veRL, its queue, vLLM and torch that have no registry and that a run cannot do without.

Written for veRL 0.9.1, TransferQueue 0.1.11 and vLLM (CPU build) 0.28.0. Each entry of ``PATCHES`` names the module it
waits for, what it changes and why; it is applied once, when that module is first imported, and raises ``PatchError``
when the place it changes is no longer there. ``tests/test_patches.py`` fails when one of the packages moves.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
from collections.abc import Callable
from typing import Any

import wrapt

from src.patches.images import (
    _frozen_vision_towers,
    _no_placeholders_in_training,
    _normalisation_beside_dummy_weights,
    _packed_pixels,
    _positions_of_equal_rows,
    _text_only_micro_batches,
)
from src.patches.patch import QUEUE_VERSION, VERL_VERSION, VLLM_VERSION, Patch, PatchError, expect
from src.processes.ports import WEIGHTS_KEY

__all__ = ["PATCHES", "QUEUE_VERSION", "VERL_VERSION", "VLLM_VERSION", "Patch", "PatchError", "apply"]


def _one_backend_for_gloo(distributed: Any) -> None:
    """veRL asks for ``cpu:gloo,<device>:<backend>``; with the device ``cpu`` torch rejects the duplicate."""
    original: Any = getattr(distributed, "init_process_group", None)
    expect(
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
        expect(hasattr(module, name), "fsdp_engine_on_cpu", f"{module.__name__}.{name} is missing")
        EngineRegistry.register(model_type=model_type, backend=["fsdp2"], device="cpu")(getattr(module, name))
    expect(hasattr(module, "CPUOffloadPolicy"), "fsdp_engine_on_cpu", "CPUOffloadPolicy is not imported there")
    module.CPUOffloadPolicy = functools.partial(_unpinned, module.CPUOffloadPolicy)


def _unpinned(policy: Callable[..., Any], *_: Any, **__: Any) -> Any:
    return policy(pin_memory=False)


def _copy_received_weights(module: Any) -> None:
    """Weights arrive as views of a shared-memory segment, which cannot be closed while a view lives."""
    receiver: Any = getattr(module, "BucketedWeightReceiver", None)
    expect(
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


def _weights_of_its_own(module: Any) -> None:
    """Weights go to the rollout engine over a socket that is named by Ray's job: the same one for every local run.

    Two runs on a machine would then hand their weights to each other: the run's own key becomes part of the name.
    """
    for name in ("BucketedWeightSender", "BucketedWeightReceiver"):
        end: Any = getattr(module, name, None)
        expect(
            end is not None and list(inspect.signature(end.__init__).parameters)[1:2] == ["zmq_handle"],
            "weights_of_its_own",
            f"{name}(zmq_handle) is missing",
        )
        end.__init__ = _with_own_socket(end.__init__)


def _with_own_socket(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: Any, zmq_handle: str, *args: Any, **kwargs: Any) -> None:
        key = os.environ.get(WEIGHTS_KEY)
        original(self, f"{zmq_handle}-{key}" if key else zmq_handle, *args, **kwargs)

    return init


def _live_linear_weights(module: Any) -> None:
    """vLLM's CPU linear layers repack their weights once and drop the originals.

    The next weight sync would then fail, or leave the packed copy stale: multiply by the live weights instead.
    """
    original = getattr(module, "dispatch_cpu_unquantized_gemm", None)
    expect(
        original is not None and list(inspect.signature(original).parameters) == ["layer", "remove_weight"],
        "live_linear_weights",
        "vllm's dispatch_cpu_unquantized_gemm(layer, remove_weight) is missing",
    )

    def keep_weight(layer: Any, remove_weight: bool) -> None:
        import torch

        layer.cpu_linear = torch.nn.functional.linear

    module.dispatch_cpu_unquantized_gemm = keep_weight


def _merged_exports(module: Any) -> None:
    """veRL exports a LoRA under its adapters' names, of which no loader knows one: it takes random weights for them."""
    original: Any = getattr(module, "get_fsdp_full_state_dict", None)
    expect(
        original is not None and next(iter(inspect.signature(original).parameters)) == "model",
        "merged_exports",
        f"{module.__name__}.get_fsdp_full_state_dict(model) is missing",
    )

    @functools.wraps(original)
    def get_fsdp_full_state_dict(model: Any, *args: Any, **kwargs: Any) -> Any:
        weights = original(model, *args, **kwargs)
        inner = getattr(model, "_fsdp_wrapped_module", model)
        if not hasattr(inner, "peft_config") or not weights:  # only the first rank has them
            return weights
        from src.training.lora import merged

        return merged(inner, weights)

    module.get_fsdp_full_state_dict = get_fsdp_full_state_dict


class _InOwnNamespace(wrapt.ObjectProxy):
    """Stands for ``ray``, or for an actor's class, in a module that names a namespace: the caller's is used instead."""

    def get_actor(self, name: str, namespace: str | None = None) -> Any:
        return self.__wrapped__.get_actor(name)

    def options(self, *, namespace: str | None = None, **options: Any) -> Any:
        return self.__wrapped__.options(**options)


def _queue_of_its_own(module: Any) -> None:
    """TransferQueue finds its controller under one name in the whole cluster.

    Two runs on a Ray cluster would then share one queue, and train on each other's rollouts.
    """
    expect(
        hasattr(module, "ray") and hasattr(module, "TransferQueueController"),
        "queue_of_its_own",
        "ray or TransferQueueController is missing",
    )
    module.ray = _InOwnNamespace(module.ray)
    module.TransferQueueController = _InOwnNamespace(module.TransferQueueController)


class _Dotted(dict[str, Any]):
    """A registry that also knows whatever can be imported: ``package.module.Class`` is a name in it."""

    def __init__(self, known: dict[str, Any], entry: Callable[[str], Any]) -> None:
        super().__init__(known)
        self._entry = entry

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and "." in name)

    def __missing__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return self._entry(name)


def _class_named(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _trainers_by_dotted_name(module: Any) -> None:
    """veRL finds a trainer by a name that a module must have registered: whoever names one would name two things."""
    expect(
        hasattr(module, "TRAINER_REGISTRY") and hasattr(module, "get_trainer_cls"),
        "trainers_by_dotted_name",
        "TRAINER_REGISTRY or get_trainer_cls is missing",
    )
    module.TRAINER_REGISTRY = _Dotted(module.TRAINER_REGISTRY, _class_named)


def _agent_loops_by_dotted_name(module: Any) -> None:
    """As for trainers; veRL's own way besides registering, a file of names and classes, would have to go with a run."""
    expect(
        hasattr(module, "_agent_loop_registry"),
        "agent_loops_by_dotted_name",
        "_agent_loop_registry is missing",
    )
    module._agent_loop_registry = _Dotted(module._agent_loop_registry, lambda dotted: {"_target_": dotted})


PATCHES: tuple[Patch, ...] = (
    Patch("transfer_queue.interface", _queue_of_its_own),
    Patch("verl.trainer.ppo.v1.trainer_base", _trainers_by_dotted_name),
    Patch("verl.experimental.agent_loop.agent_loop", _agent_loops_by_dotted_name),
    Patch("verl.workers.rollout.vllm_rollout.bucketed_weight_transfer", _weights_of_its_own),
    Patch("verl.utils.checkpoint.fsdp_checkpoint_manager", _merged_exports),
    Patch("vllm.model_executor.model_loader.dummy_loader", _normalisation_beside_dummy_weights),
    Patch("verl.models.transformers.qwen2_vl", _no_placeholders_in_training),
    Patch("verl.models.transformers.qwen2_vl", _text_only_micro_batches),
    Patch("verl.utils.tensordict_utils", _positions_of_equal_rows),
    Patch("verl.experimental.agent_loop.agent_loop", _packed_pixels),
    Patch("verl.workers.engine.fsdp.transformer_impl", _frozen_vision_towers),
    Patch("torch.distributed", _one_backend_for_gloo, "cpu"),
    Patch("verl.workers.engine.fsdp.transformer_impl", _fsdp_engine_on_cpu, "cpu"),
    Patch("verl.workers.rollout.vllm_rollout.bucketed_weight_transfer", _copy_received_weights, "cpu"),
    Patch("vllm.model_executor.layers.utils", _live_linear_weights, "cpu"),
)

_applied = False


def apply(platform: str | None) -> None:
    """Apply the patches of a platform now, or when their modules are imported; a second call does nothing.

    Args:
        platform: veRL's name of it, such as ``cpu``.
    """
    global _applied
    if _applied:
        return
    _applied = True
    for patch in PATCHES:
        if patch.platform in (None, platform):
            wrapt.register_post_import_hook(patch.apply, patch.waits_for)
