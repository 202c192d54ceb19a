"""Which trackers a configuration asks for; the classes themselves are found when a run opens them."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig

from src.config.named import load_function
from src.errors import ConfigError

TRACKERS = {
    "wandb": "src.trackers.wandb_tracker.WandbTracker",
    "tensorboard": "src.trackers.tensorboard_tracker.TensorBoardTracker",
}
WANDB_MODES = ("auto", "online", "offline", "off")


def check_trackers(cfg: DictConfig) -> None:
    """Refuse a tracker that nobody knows, and an unknown mode of W&B.

    Raises:
        ConfigError: with what may be given.
    """
    for name in cfg.logging.trackers:
        if name not in TRACKERS:
            tracker_class(name)
    if cfg.logging.wandb not in WANDB_MODES:
        raise ConfigError(f"logging.wandb={cfg.logging.wandb}: choose one of {', '.join(WANDB_MODES)}")


def tracker_class(name: str) -> Any:
    """The class of a tracker, by its name in ``TRACKERS`` or by its dotted name.

    Raises:
        ConfigError: there is none, or it does not have what ``src.trackers.tracker.Tracker`` asks for.
    """
    if name not in TRACKERS and "." not in str(name):
        raise ConfigError(
            f"logging.trackers: there is no tracker {name!r}; known are {', '.join(TRACKERS)}, "
            "and a class of your own by its dotted name"
        )
    found = load_function(TRACKERS.get(name, name), key="logging.trackers")
    if missing := [method for method in ("title", "follow", "finish") if not hasattr(found, method)]:
        raise ConfigError(f"logging.trackers: {name} has no {' and no '.join(missing)}; see src/trackers/tracker.py")
    return found
