"""The module that veRL imports in every one of its processes (``VERL_USE_EXTERNAL_MODULES=src.plugin``).

It registers what the project adds to veRL: the CPU platform, the trainer and the agent loop, and applies the patches.
"""

from __future__ import annotations

import importlib
import os

import wrapt

from src import patches


def _register_trainer(_: object) -> None:
    importlib.import_module("src.training.trainer")


def _register_agent_loop(_: object) -> None:
    importlib.import_module("src.training.agent_loop")


# The registries live in modules that take seconds to import: ours follow when veRL loads them.
wrapt.register_post_import_hook(_register_trainer, "verl.trainer.ppo.v1")
wrapt.register_post_import_hook(_register_agent_loop, "verl.experimental.agent_loop")

platform_name = os.environ.get("VERL_PLATFORM", "").lower() or None
if platform_name == "cpu":
    from src.cpu import platform  # noqa: F401  (importing the module registers it)

patches.apply(platform_name)
