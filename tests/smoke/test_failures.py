"""When something dies: the launcher says what, ends with an error, and leaves no process behind."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest
from launching import Family, command
from warm import Fork, Warm

pytestmark = pytest.mark.smoke


def wait_for_line(metrics: Path, text: str, launcher: Fork, timeout_s: float = 300) -> None:
    deadline = time.monotonic() + timeout_s
    while not (metrics.exists() and text in metrics.read_text()):
        assert launcher.poll() is None, launcher.stdout.read()
        assert time.monotonic() < deadline, f"no {text} in {metrics}"
        time.sleep(0.3)


LONG = ("stages=[rl]", "trainer.total_training_steps=500", "trainer.save_freq=500", "trainer.test_freq=-1",
        "evaluation.enable=false")  # fmt: skip


@pytest.mark.parametrize("title", ["ray::WorkerDict", "ray::vLLMHttpServer"])
def test_a_dead_worker_ends_the_run_with_one_message(tmp_path: Path, warm: Warm, title: str) -> None:
    launcher = warm.start(command(tmp_path, "run", *LONG))
    family = Family(launcher.pid)
    run = tmp_path / "time_r1" / "run"
    wait_for_line(run / "metrics.jsonl", '"step": 1', launcher)
    worker = next(
        process
        for process in psutil.Process(launcher.pid).children(recursive=True)
        if process.cmdline() and process.cmdline()[0].startswith(title)
    )
    worker.kill()
    killed = time.monotonic()
    output, _ = launcher.communicate(timeout=90)
    assert time.monotonic() - killed < 60
    assert launcher.returncode == 2
    assert "stage rl failed" in output and "full log" in output, output
    assert "Traceback" not in output
    assert not family.left()


REWARD = """\
def compute_score(extra_info, **_):
    return {"score": 1.0, "part": float("nan") if extra_info["index"] == 2 else 1.0}
"""


def test_a_reward_that_fails_ends_the_run_with_its_sentence(launch, tmp_path: Path) -> None:
    mine = tmp_path / "my_reward.py"
    mine.write_text(REWARD)
    run = launch("stages=[rl]", f"reward.custom_reward_function.path={mine}")
    assert run.code == 2, run.output
    assert (
        f"the reward compute_score of {mine} gave no reward for row 2 of demand, val: the term 'part' is nan, "
        f"which is not finite ({mine})"
    ) in run.output
    assert "Traceback" not in run.output
    assert not (run.folder / "metrics.jsonl").exists()  # no held-out answer was left out in silence
    assert not run.left


def test_rows_that_are_too_long_are_refused_before_the_first_stage(launch) -> None:
    """veRL would end in the middle of SFT, and for a long prompt after it."""
    run = launch("sft.data.max_length=60")
    assert run.code == 2, run.output
    assert "error: stage sft: " in run.output and " longer than sft.data.max_length=60, the longest has " in run.output
    assert "Traceback" not in run.output
    assert [stage["state"] for stage in run.record["stages"]] == ["pending", "pending"]
    assert not (run.folder / "metrics.jsonl").exists()
