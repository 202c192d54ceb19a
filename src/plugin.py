"""The module that veRL imports in every one of its processes (``VERL_USE_EXTERNAL_MODULES=src.plugin``).

It registers the CPU platform and applies the patches; what else a run adds to veRL, its configuration names.
"""

from __future__ import annotations

import os

from src import patches

platform_name = os.environ.get("VERL_PLATFORM", "").lower() or None
if platform_name == "cpu":
    from src.cpu import platform  # noqa: F401  (importing the module registers it)

patches.apply(platform_name)
