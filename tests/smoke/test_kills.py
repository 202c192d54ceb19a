"""Killed thirty times at random moments, in every way there is, a real run still ends with a whole record."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from killable import Killable, assert_complete, kill, kill_a_worker, kill_group, terminate
from warm import Warm

from src.processes.stopping import EXIT_CODE

pytestmark = pytest.mark.smoke

# What ends a run in the test below, by turns; each at a random moment.
WAYS = (kill, kill_group, terminate, kill_a_worker)
KILLS = int(os.environ.get("RESUME_KILLS", "30"))
IMPORTS_S = 9.0  # what a warm launch saves


@pytest.mark.parametrize(
    ("stages", "share", "latest_s"), [(("sft",), 0.6, 20), (("sft", "rl"), 0.4, 50)], ids=["SFT alone", "both stages"]
)
def test_a_run_ends_whole_however_often_it_is_killed(
    tmp_path: Path, warm: Warm, stages: tuple[str, ...], share: float, latest_s: float
) -> None:
    """RESUME_KILLS kills in all, each within the start of the libraries, the stages, a step or a checkpoint.

    Each third one strikes a launch as a user starts it, which imports the libraries for the first nine seconds; the
    launches between are warm, and so much sooner at their first step.
    """
    chance = random.Random(20261124)
    waiting = round(share * KILLS)
    steps = {stage: waiting if stage == "sft" and len(stages) > 1 else 5 * waiting for stage in stages}
    runs = 0
    while True:
        runs += 1
        run = Killable(tmp_path / str(runs), steps, save_freq=1, warm=warm)
        while waiting:
            run.warm, earlier_s = (None, 0) if waiting % 3 == 0 else (warm, IMPORTS_S)
            after_s = chance.uniform(6 - min(earlier_s, 5), latest_s - earlier_s)
            at, how = time.monotonic() + after_s, WAYS[waiting % len(WAYS)]
            code, output = run.end(lambda at=at: time.monotonic() > at, how)
            if code == 0:
                break  # it was quicker than the kill: the other kills are another run's
            waiting -= 1
            assert code in (-signal.SIGKILL, -signal.SIGTERM, EXIT_CODE, 2) and "Traceback" not in output, output
            reached = {stage: (run.recorded(stage) or [0])[-1] for stage in stages}
            print(f"run {runs}: {how.__name__}, exit code {code}, recorded {reached}", flush=True)
            for stage, step in reached.items():
                assert run.recorded(stage) in (list(range(1, step + 1)), list(range(step + 1)))
                assert run.saved(stage) >= step - 1, "a step was recorded before the one before it was saved"
        run.warm = warm
        run.finish()
        assert_complete(run)
        if not waiting:
            break
