"""Killed again and again at random moments, a run ends with the record of one that was never killed.

The stages are fake (``fake_run.py``), so that dozens of kills strike inside the writing of records and checkpoints in
seconds; ``tests/smoke/test_kills.py`` kills the real stack.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import fake_run
import pytest

from src.record import checkpoints as checkpoint

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
KILLS = 30


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, fake_run.__file__, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def recorded(folder: Path) -> list[tuple[str, int, str]]:
    """The whole lines of the record."""
    text = (folder / "metrics.jsonl").read_bytes() if (folder / "metrics.jsonl").exists() else b""
    lines = [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]
    return [(line["stage"], line["step"], line["weights"]) for line in lines]


def test_thirty_kills_leave_the_record_of_a_run_without_any(tmp_path: Path) -> None:
    folder, chance = tmp_path / "run", random.Random(20261124)
    expected = fake_run.expected()
    kills = unfinished = 0
    while True:
        process = start(folder)
        assert process.stdout is not None
        if kills < KILLS:
            output = ""
            # One in five is killed while it starts: in reading, cutting and mending what the last one left.
            trains = chance.random() > 0.2
            while trains and "training" not in output and (line := process.stdout.readline()):
                output += line
            time.sleep(chance.random() * 0.25)
            process.send_signal(signal.SIGKILL)
            output += process.stdout.read()
            kills += process.wait() == -signal.SIGKILL
            unfinished += any(
                checkpoint.problem(one) for one in folder.glob("checkpoints/*/global_step_*") if one.suffix == ""
            )
        else:
            output, _ = process.communicate(timeout=300)
        lines = recorded(folder)
        assert lines == expected[: len(lines)], output
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, output
    assert lines == expected
    assert kills == KILLS, "the run ended before it was killed often enough"
    assert unfinished > 3, "too few kills struck while a checkpoint was written"
    for stage in ("sft", "rl"):
        saved = {step: fake_run.held_out(weights) for name, step, weights in lines if name == stage and step % 3 == 0}
        best = max(saved, key=saved.__getitem__)
        assert [one.step for one in checkpoint.complete(folder / "checkpoints" / stage)] == sorted({best, 87, 90})
        assert {path.name for path in (folder / "samples").glob(f"{stage}_*")} == {
            f"{stage}_{step}.jsonl" for step in range(1, fake_run.STEPS + 1)
        }
        assert all(len(path.read_text().splitlines()) == 3 for path in (folder / "samples").glob(f"{stage}_*"))
    assert sorted(folder.glob("cut/*/metrics.jsonl"))
    # One that is killed at once has not written itself into the record.
    assert len(json.loads((folder / "run.json").read_text())["launches"]) > KILLS // 2
