"""The CPU as a veRL platform.

veRL reaches every device through ``verl.plugin.platform``. This module registers the name ``cpu`` there
(chosen with ``VERL_PLATFORM=cpu``), so that trainer, engine and rollout run unchanged without an accelerator.
Ray still counts one logical ``GPU`` per worker, because veRL places its workers by that resource.
"""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import psutil
import torch
from verl.plugin.platform import PlatformBase, PlatformRegistry

DEVICE = torch.device("cpu")


def _memory_used(*_: Any) -> int:
    return psutil.Process().memory_info().rss


def _peak_memory(*_: Any) -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _memory_info(*_: Any) -> tuple[int, int]:
    memory = psutil.virtual_memory()
    return memory.available, memory.total


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _device_module() -> SimpleNamespace:
    """What veRL asks of ``torch.cuda``, answered for the CPU with the process's own memory figures."""
    return SimpleNamespace(
        is_available=lambda: True,
        device_count=lambda: 1,
        current_device=lambda: DEVICE,
        set_device=_nothing,
        synchronize=_nothing,
        empty_cache=_nothing,
        ipc_collect=_nothing,
        memory_allocated=_memory_used,
        memory_reserved=_memory_used,
        max_memory_allocated=_peak_memory,
        max_memory_reserved=_peak_memory,
        reset_peak_memory_stats=_nothing,
        mem_get_info=_memory_info,
        get_rng_state=torch.get_rng_state,
        set_rng_state=torch.set_rng_state,
        manual_seed=torch.manual_seed,
        manual_seed_all=torch.manual_seed,
        stream=lambda *_: nullcontext(),
        get_device_name=lambda *_: "cpu",
    )


@PlatformRegistry.register(platform="cpu")
class CPUPlatform(PlatformBase):
    """See the module's docstring; methods are those of ``PlatformBase``."""

    def __init__(self) -> None:
        self._module = _device_module()

    @property
    def device_name(self) -> str:
        return "cpu"

    @property
    def vendor_name(self) -> str:
        return "cpu"

    @property
    def device_module(self) -> Any:
        return self._module

    def is_available(self) -> bool:
        return True

    def is_platform_available(self, use_smi_check: bool = False) -> bool:
        # Never auto-detected: a GPU machine must not fall back to the CPU in silence.
        return os.environ.get("VERL_PLATFORM", "").lower() == "cpu"

    def current_device(self) -> Any:
        # veRL calls ``model.to(get_device_id())``: an index would mean an accelerator.
        return DEVICE

    def device_count(self) -> int:
        return 1

    def set_device(self, device_index: int) -> None:
        return None

    def synchronize(self, device_index: int | None = None) -> None:
        return None

    def manual_seed(self, seed: int) -> None:
        torch.manual_seed(seed)

    def manual_seed_all(self, seed: int) -> None:
        torch.manual_seed(seed)

    def set_allocator_settings(self, settings: str) -> None:
        return None

    def empty_cache(self) -> None:
        return None

    def get_device_capability(self, device_index: int = 0) -> tuple[int | None, int | None]:
        return None, None

    def communication_backend_name(self) -> str:
        return "gloo"

    def visible_devices_envvar(self) -> str:
        return "CUDA_VISIBLE_DEVICES"

    @contextmanager
    def nvtx_range(self, msg: str):
        yield

    def profiler_start(self) -> None:
        return None

    def profiler_stop(self) -> None:
        return None

    def ray_resource_name(self) -> str:
        return "GPU"

    def ray_noset_envvars(self) -> list[str]:
        return ["RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES"]

    def is_ipc_supported(self) -> bool:
        # Weights reach the rollout engine through shared memory.
        return False

    def cudart(self) -> Any:
        return None
