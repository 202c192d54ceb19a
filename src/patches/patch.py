"""What a patch is, and how one says that its place has moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

VERL_VERSION = "0.9.1"
VLLM_VERSION = "0.28.0"
QUEUE_VERSION = "0.1.11"


class PatchError(RuntimeError):
    """The code that a patch changes has moved; the message names the patch."""


@dataclass(frozen=True)
class Patch:
    """``apply`` is called with the module named ``waits_for`` as soon as that module is imported.

    Args:
        platform: the only one that needs it; None: all do.
    """

    waits_for: str
    apply: Callable[[Any], None]
    platform: str | None = None


def expect(condition: bool, patch: str, what: str) -> None:
    """Raise ``PatchError`` unless the place is as the patch knows it."""
    if not condition:
        raise PatchError(
            f"patch {patch!r} no longer fits: {what}. It was written for veRL {VERL_VERSION}, "
            f"TransferQueue {QUEUE_VERSION} and vLLM {VLLM_VERSION}; see src/patches"
        )
