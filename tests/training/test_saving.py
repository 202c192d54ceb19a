"""What stays of a stage's checkpoints: the newest, and the best by a held-out metric, whatever ends the stage when."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.record import checkpoints as checkpoint
from src.record.best import best_step, held_out
from src.record.layout import Layout, checkpoint_folder
from src.record.lines import append_line
from src.training.saving import Saver

REWARD = "val/*/reward"


def _validated(run: Path, step: int, value: float | None, name: str = "val/demand/reward") -> None:
    append_line(Layout(run).metrics_file, {"stage": "rl", "step": step, "reward/mean": 0.1, name: value})


def _save(saver: Saver, step: int, last: bool = False) -> None:
    saver.begin(step)
    folder = checkpoint_folder(saver.folder, step)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.pt").write_text(str(step))
    saver.seal(step, last)


def _there(saver: Saver) -> list[int]:
    return [one.step for one in checkpoint.complete(saver.folder)]


def _train(
    run: Path, values: list[float | None], keep: int | None, metric: str | None = REWARD, every: int = 1
) -> Saver:
    saver = Saver(run, "rl", keep, metric)
    run.mkdir(exist_ok=True)
    for step, value in enumerate(values, start=1):
        _validated(run, step, value, "val/demand/mse" if metric == "val/*/mse" else "val/demand/reward")
        if step % every == 0:
            _save(saver, step)
    return saver


@pytest.mark.parametrize(
    ("metric", "keep", "left"),
    [(REWARD, 1, [2, 6]), (REWARD, 2, [2, 5, 6]), (REWARD, None, [1, 2, 3, 4, 5, 6]), (None, 2, [5, 6]),
     ("val/*/mse", 1, [4, 6]), ("val/*/mse", 3, [4, 5, 6])],
)  # fmt: skip
def test_the_best_stays_beside_the_newest(
    tmp_path: Path, metric: str | None, keep: int | None, left: list[int]
) -> None:
    assert _there(_train(tmp_path, [0.3, 0.9, 0.5, 0.1, 0.9, 0.7], keep, metric)) == left


def test_a_new_best_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    assert _there(_train(tmp_path, [0.3, 0.9, 0.5, 1.0, 0.2], keep=1)) == [4, 5]


def test_a_step_without_a_validation_is_none_and_takes_nothing_from_the_best(tmp_path: Path) -> None:
    assert _there(_train(tmp_path, [None, 0.2, None, None, 0.1, None], keep=1)) == [2, 6]
    assert _there(_train(tmp_path / "never", [None] * 4, keep=2)) == [3, 4]


def test_validated_steps_that_are_not_saved_are_no_checkpoints(tmp_path: Path) -> None:
    assert _there(_train(tmp_path, [0.1, 0.2, 0.9, 0.5, 0.9, 0.3], keep=1, every=2)) == [4, 6]


def test_a_validation_that_comes_after_the_saving_counts_by_the_next_time(tmp_path: Path) -> None:
    """A stage that is asked to stop saves first, and validates when the run goes on."""
    saver = _train(tmp_path, [0.5, 0.4, None], keep=1)
    assert _there(saver) == [1, 3]
    _validated(tmp_path, 3, 0.8)
    again = Saver(tmp_path, "rl", 1, REWARD)
    _validated(tmp_path, 4, 0.1)
    _save(again, 4)
    assert _there(again) == [3, 4]


def test_other_stages_and_baselines_are_not_looked_at(tmp_path: Path) -> None:
    append_line(Layout(tmp_path).metrics_file, {"stage": "first", "step": 1, "val/demand/reward": 9.0})
    append_line(Layout(tmp_path).metrics_file, {"stage": "rl", "step": 1, "val/demand/baseline/x/reward": 9.0})
    _validated(tmp_path, 2, 0.5)
    assert held_out(tmp_path, "rl", REWARD) == {2: 0.5}


@given(values=st.lists(st.sampled_from([None, 0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=12), keep=st.integers(1, 3),
       ends=st.sets(st.integers(1, 12)), data=st.data())  # fmt: skip
def test_whatever_ends_the_stage_where_the_best_and_the_newest_are_there(
    tmp_path_factory: pytest.TempPathFactory, values: list[float | None], keep: int, ends: set[int], data: st.DataObject
) -> None:
    """Ends strike after the line, while it is written, or between the seal and the removal of older ones."""
    run = tmp_path_factory.mktemp("run")
    saver, line = Saver(run, "rl", keep, REWARD), Layout(run).metrics_file
    for step, value in enumerate(values, start=1):
        if step in ends:
            end = data.draw(st.sampled_from(["torn", "unsealed", "not rotated"]))
            if end == "torn":
                with line.open("ab") as file:
                    file.write(b'{"stage": "rl", "step"')
                line.write_bytes(
                    line.read_bytes().rpartition(b"\n")[0] + (b"\n" if step > 1 else b"")
                )  # as a resume mends it
            elif end == "unsealed":
                folder = checkpoint_folder(saver.folder, step)
                folder.mkdir(parents=True)
                checkpoint.set_aside_unusable(saver.folder)
            else:
                _validated(run, step, value)
                folder = checkpoint_folder(saver.folder, step)
                folder.mkdir(parents=True)
                checkpoint.seal(folder, step, last=False)
                saver = Saver(run, "rl", keep, REWARD)
                continue
            saver = Saver(run, "rl", keep, REWARD)
        _validated(run, step, value)
        _save(saver, step)
        steps = list(range(1, step + 1))
        known = {at: one for at, one in enumerate(values[:step], start=1) if one is not None}
        best = best_step(known, REWARD, steps)
        assert set(_there(saver)) == set(steps[-keep:]) | ({best} if best else set())
    assert all("step" in json.loads(one) for one in line.read_text().splitlines())
