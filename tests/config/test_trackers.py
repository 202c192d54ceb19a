"""Trackers that nobody knows are refused before anything starts."""

import sys
from types import ModuleType
from typing import Any

import pytest
from omegaconf import OmegaConf

from src.config.trackers import check_trackers
from src.errors import ConfigError


def _check(trackers: list[str], mode: str = "auto") -> None:
    check_trackers(OmegaConf.create({"logging": {"trackers": trackers, "wandb": mode}}))


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the user's with two classes."""

    class Complete:
        title, follow, finish = "Mine", None, None

    class Unfinished:
        title, follow = "Mine", None

    module: Any = ModuleType("own_trackers")
    module.Complete, module.Unfinished = Complete, Unfinished
    monkeypatch.setitem(sys.modules, "own_trackers", module)


@pytest.mark.parametrize("trackers", [[], ["wandb"], ["wandb", "tensorboard"], ["own_trackers.Complete"]])
def test_known_trackers(own: None, trackers: list[str]) -> None:
    _check(trackers)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "wandbb",
            "logging.trackers: there is no tracker 'wandbb'; known are wandb, tensorboard, and a class of your own by "
            "its dotted name",
        ),
        ("own_trackers.Other", "logging.trackers: 'own_trackers' has no function 'Other'"),
        ("own_trackers.Unfinished", "logging.trackers: own_trackers.Unfinished has no finish; see "
                                    "src/trackers/tracker.py"),
    ],
)  # fmt: skip
def test_unknown_trackers(own: None, name: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        _check(["wandb", name])
    assert str(error.value) == message


def test_an_unknown_mode_of_wandb() -> None:
    with pytest.raises(ConfigError) as error:
        _check([], "on")
    assert str(error.value) == "logging.wandb=on: choose one of auto, online, offline, off"
