"""Several trackers at once: each gets every line, and none of them ends a training."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from omegaconf import DictConfig

from src.errors import UserError
from src.processes.stopping import Terminated
from src.record.lines import append_line
from src.record.run import Run
from src.trackers.tracker import End, Tracking

Settings = Callable[..., DictConfig]
HERE = "tests.trackers.test_tracker"


class Notes:
    """A tracker that notes what it is told."""

    title = "Notes"
    told: ClassVar[list[Any]] = []

    def __init__(self, cfg: DictConfig, run: Run) -> None:
        self.told.append(run.folder.name)

    def follow(self, line: dict[str, Any]) -> None:
        self.told.append(line["step"])

    def finish(self, end: End) -> None:
        self.told.append(end)


class Broken(Notes):
    """Fails at its second step."""

    title = "Broken"

    def follow(self, line: dict[str, Any]) -> None:
        if line["step"] == 2:
            raise ConnectionResetError("gone")


class Unwilling(Notes):
    """Cannot begin."""

    title = "Unwilling"

    def __init__(self, cfg: DictConfig, run: Run) -> None:
        raise UserError("no key")


class BadEnd(Notes):
    """Fails when it is closed."""

    title = "Bad end"

    def finish(self, end: End) -> None:
        raise BrokenPipeError


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What ``Notes`` is told; the classes of this file by the name of this file, as a user's are."""
    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])
    monkeypatch.setattr(Notes, "told", [])
    return Notes.told


def _line(step: int) -> dict[str, Any]:
    return {"stage": "rl", "step": step, "time": float(step), "reward/mean": 0.5}


def test_a_tracker_of_the_users_own_gets_the_record_and_then_each_line(
    run: Run, settings: Settings, told: list[Any]
) -> None:
    append_line(run.metrics_file, _line(1))
    with Tracking(settings(f"{HERE}.Notes"), run) as tracking:
        tracking.follow(_line(2))
    assert told == ["r1", 1, 2, End.WELL]


@pytest.mark.parametrize(
    ("error", "end"),
    [(RuntimeError("a stage"), End.FAILED), (KeyboardInterrupt(), End.FAILED), (Terminated("SIGTERM"), End.PREEMPTED)],
)
def test_how_a_run_ended_is_told(run: Run, settings: Settings, told: list[Any], error: BaseException, end: End) -> None:
    with pytest.raises(type(error)), Tracking(settings(f"{HERE}.Notes"), run):
        raise error
    assert told == ["r1", end]


def test_a_tracker_that_fails_is_left_out_and_the_others_go_on(
    run: Run, settings: Settings, told: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with Tracking(settings(f"{HERE}.Broken", f"{HERE}.BadEnd", f"{HERE}.Notes"), run) as tracking:
        for step in (1, 2, 3):
            tracking.follow(_line(step))
    assert told == ["r1", "r1", "r1", 1, 1, 2, 2, 3, 3, End.WELL]  # of the two that go on
    assert capsys.readouterr().out.splitlines() == [
        "Broken has stopped (gone); the run goes on without it",
        "Bad end had stopped (BrokenPipeError); the next launch shows it what it lacks",
    ]


def test_a_tracker_that_cannot_begin_refuses_the_run_and_closes_the_others(
    run: Run, settings: Settings, told: list[Any]
) -> None:
    with pytest.raises(UserError, match="no key"):
        Tracking(settings(f"{HERE}.Notes", f"{HERE}.Unwilling"), run)
    assert told == ["r1", End.FAILED]


def test_no_tracker_at_all(run: Run, settings: Settings) -> None:
    with Tracking(settings(), run) as tracking:
        tracking.follow(_line(1))
    assert not (run.folder / "wandb").exists() and not (run.folder / "tensorboard").exists()


def test_following_a_run_imports_no_torch(tmp_path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom omegaconf import OmegaConf\nfrom src.record.run import Run\n"
        "from src.trackers.tracker import Tracking\n"
        f"run = Run(Path({str(tmp_path / 'r1')!r}))\nrun.start({{'stages': []}})\n"
        "with Tracking(OmegaConf.create({'logging': {'trackers': ['tensorboard']}}), run) as tracking:\n"
        "    tracking.follow({'stage': 'rl', 'step': 1, 'time': 1.0, 'reward/mean': 0.5})\n"
        "print([name for name in ('torch', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert list((tmp_path / "r1" / "tensorboard" / "rl").iterdir())
