"""The module that veRL imports in every one of its processes (``VERL_USE_EXTERNAL_MODULES=src.plugin``).

It registers what the project adds to veRL: the CPU platform, with the patches that it needs, and the trainer.
"""

from __future__ import annotations

import importlib
import os

import wrapt


def _register_trainer(_: object) -> None:
    importlib.import_module("src.training.trainer")


# The trainer's registry lives in a module that takes seconds to import: ours follows when veRL loads it.
wrapt.register_post_import_hook(_register_trainer, "verl.trainer.ppo.v1")

if os.environ.get("VERL_PLATFORM", "").lower() == "cpu":
    from src.cpu import patches, platform  # noqa: F401  (importing the platform registers it)

    patches.apply()
