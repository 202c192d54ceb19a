"""Stands in for ``python -m src.launch`` in tests of the launcher: a program that takes a cell's overrides.

It writes a run of the kind that a launch writes. ``FAKE_CELLS`` names a folder in which tests leave it a word:
``fail-<seed>`` makes a cell fail, ``hang-<seed>`` makes it wait for its end, ``meet`` makes it wait until two cells are
under way at once. Each start adds a line to ``starts``.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

settings = dict(argument.lstrip("+").split("=", 1) for argument in sys.argv[1:])
words = Path(os.environ["FAKE_CELLS"])
name, seed = settings["run.name"], settings.get("seed", "1")
with (words / "starts").open("a") as file:
    file.write(json.dumps({"name": name, "pid": os.getpid(), "arguments": sys.argv[1:]}) + "\n")
print(f"run: {name}")

folder = Path(settings["run.folder"]) / settings["recipe"] / name
folder.mkdir(parents=True, exist_ok=True)
record = {"recipe": settings["recipe"], "run": name, "stages": [{"name": "rl", "trainer": "ppo", "state": "done"}]}
(folder / "run.json").write_text(json.dumps(record))
if (words / f"hang-{seed}").exists():
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    (words / f"hangs-{seed}").write_text(str(child.pid))
    time.sleep(600)
if (words / f"fail-{seed}").exists():
    sys.exit("error: stage rl failed: out of memory")
if (words / "meet").exists():
    (words / f"met-{seed}").touch()
    deadline = time.monotonic() + 120
    while len(list(words.glob("met-*"))) < 2:
        if time.monotonic() > deadline:
            sys.exit("error: no other cell came")
        time.sleep(0.1)

reward = {"grpo": 0.4, "grip": 0.6}.get(settings.get("algorithm", ""), 0.5) + int(seed) / 100
line = {"stage": "rl", "step": 1, "reward/mean": reward - 0.1, "val/demand/reward": reward}
(folder / "metrics.jsonl").write_text(json.dumps(line) + "\n")
