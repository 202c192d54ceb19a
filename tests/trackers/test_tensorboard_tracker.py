"""TensorBoard's event files, read back by TensorBoard itself."""

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from src.record.lines import append_line
from src.record.run import Run
from src.trackers.tracker import Tracking

Settings = Callable[..., DictConfig]


def _read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder)).Reload()


def _points(accumulator: EventAccumulator, tag: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in accumulator.Scalars(tag)]


def _files(run: Run) -> list[str]:
    """The stage of each event file that holds something."""
    return sorted(file.parent.name for file in (run.folder / "tensorboard").glob("*/*tfevents*") if file.stat().st_size)


def test_each_stage_is_a_run_over_its_own_steps(run: Run, settings: Settings) -> None:
    with Tracking(settings("tensorboard"), run) as tracking:
        tracking.follow({"stage": "sft", "step": 1, "time": 100.5, "train/loss": 2.5, "train/grad_norm": None})
        tracking.follow({"stage": "sft", "step": 2, "time": 101.5, "train/loss": 1.25, "train/grad_norm": 3})
        tracking.follow({"stage": "rl", "step": 1, "time": 103.0, "reward/mean": -0.5, "note": "text"})
    sft, rl = (_read(run.folder / "tensorboard" / stage) for stage in ("sft", "rl"))
    assert sft.Tags()["scalars"] == ["train/loss", "train/grad_norm"]
    assert _points(sft, "train/loss") == [(1, 2.5), (2, 1.25)]
    assert _points(sft, "train/grad_norm") == [(2, 3.0)]
    assert [point.wall_time for point in sft.Scalars("train/loss")] == [100.5, 101.5]
    assert rl.Tags()["scalars"] == ["reward/mean"]
    assert _points(rl, "reward/mean") == [(1, -0.5)]


def test_a_step_can_be_read_as_soon_as_it_is_recorded(run: Run, settings: Settings) -> None:
    with Tracking(settings("tensorboard"), run) as tracking:
        tracking.follow({"stage": "rl", "step": 1, "time": 1.0, "reward/mean": 0.25})
        assert _points(_read(run.folder / "tensorboard" / "rl"), "reward/mean") == [(1, 0.25)]


def test_a_resume_holds_every_step_once(run: Run, settings: Settings) -> None:
    """Two steps were cut from the record, one is done again; what was cut is not drawn, nor is anything twice."""
    cfg = settings("tensorboard")
    with pytest.raises(RuntimeError), Tracking(cfg, run) as tracking:
        for step in (1, 2, 3, 4):
            line = {"stage": "sft", "step": step, "time": float(step), "train/loss": 1.0 / step}
            append_line(run.metrics_file, line)
            tracking.follow(line)
        raise RuntimeError("the stage failed")
    run.metrics_file.write_text("".join(run.metrics_file.read_text().splitlines(keepends=True)[:2]))
    open_since_before = EventAccumulator(str(run.folder / "tensorboard" / "sft")).Reload()
    with Tracking(cfg, run) as tracking:
        tracking.follow({"stage": "sft", "step": 3, "time": 9.0, "train/loss": 0.75})
        tracking.follow({"stage": "rl", "step": 1, "time": 10.0, "reward/mean": 0.5})
    assert _files(run) == ["rl", "sft"]
    expected = [(1, 1.0), (2, 0.5), (3, 0.75)]
    assert _points(_read(run.folder / "tensorboard" / "sft"), "train/loss") == expected
    assert _points(open_since_before.Reload(), "train/loss") == expected


def test_a_file_that_was_torn_by_a_kill_is_replaced(run: Run, settings: Settings) -> None:
    cfg = settings("tensorboard")
    line = {"stage": "rl", "step": 1, "time": 1.0, "reward/mean": 0.5}
    with Tracking(cfg, run) as tracking:
        tracking.follow(line)
    append_line(run.metrics_file, line)
    (file,) = (run.folder / "tensorboard" / "rl").iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    with Tracking(cfg, run):
        pass
    assert _files(run) == ["rl"]
    assert _points(_read(run.folder / "tensorboard" / "rl"), "reward/mean") == [(1, 0.5)]


def test_a_full_disk_does_not_end_the_training(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (run.folder / "tensorboard").write_text("a file where the folder should be")
    with Tracking(settings("tensorboard"), run) as tracking:
        tracking.follow({"stage": "rl", "step": 1, "time": 1.0, "reward/mean": 0.5})
        tracking.follow({"stage": "rl", "step": 2, "time": 2.0, "reward/mean": 0.5})
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("TensorBoard has stopped (") and line.endswith("; the run goes on without it")
