"""The module that veRL imports in every one of its processes (``VERL_USE_EXTERNAL_MODULES=src.plugin``).

It registers what the project adds to veRL: the CPU platform, with the patches that it needs, and the trainer.
"""

from __future__ import annotations

import os

if os.environ.get("VERL_PLATFORM", "").lower() == "cpu":
    from src.cpu import patches, platform  # noqa: F401  (importing the platform registers it)

    patches.apply()
