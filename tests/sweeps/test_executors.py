"""How devices are shared out among cells, and why a cell failed."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from src.errors import UserError
from src.sweeps.executors import device_shares, visible_devices
from src.sweeps.running import reason


def cell(devices: int = 2, platform: str | None = None, address: str | None = None):
    return OmegaConf.create(
        {"runtime": {"platform": platform}, "ray": {"address": address}, "trainer": {"n_gpus_per_node": devices}}
    )


def test_cells_at_once_have_devices_of_their_own() -> None:
    assert device_shares([cell(), cell(1)], 2, ["0", "1", "4", "5"]) == ["0,1", "4,5"]


@pytest.mark.parametrize(
    ("configs", "jobs"),
    [([cell()], 1), ([cell(platform="cpu")], 4), ([cell(address="10.0.0.1:6379")], 4), ([], 4)],
    ids=["one at a time", "cpu", "a cluster", "nothing to run"],
)
def test_otherwise_no_cell_is_kept_to_a_share(configs, jobs: int) -> None:
    assert device_shares(configs, jobs, ["0", "1"]) == []


def test_more_cells_than_devices_are_refused() -> None:
    with pytest.raises(UserError, match=r"sweep\.jobs=3 x trainer\.n_gpus_per_node=2 takes 6 devices, and 4 are there"):
        device_shares([cell()], 3, ["0", "1", "2", "3"])


def test_visible_devices_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-1a2b")
    assert visible_devices() == ["3", "GPU-1a2b"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_devices() == []


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [
        ("stage rl\nerror: the first\nmore\nerror: stage rl failed: no memory\n", 2, "stage rl failed: no memory"),
        ("Traceback (most recent call last):\n  File\nValueError: bad seed\n", 1, "ValueError: bad seed"),
        ("", -signal.SIGKILL, "it was ended by SIGKILL"),
        ("nothing said", 3, "it ended with exit code 3"),
    ],
)
def test_a_failure_is_told_in_the_cells_own_words(tmp_path: Path, output: str, code: int, words: str) -> None:
    log = tmp_path / "cell.log"
    log.write_text(output)
    assert reason(log, code) == words


def test_a_cell_that_said_nothing_at_all_has_a_reason_too(tmp_path: Path) -> None:
    assert reason(tmp_path / "none.log", 1) == "it ended with exit code 1"
