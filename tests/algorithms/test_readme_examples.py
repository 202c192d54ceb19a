"""README's algorithms are a user's own files: taken from its text, they do what it says."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from readme import ROOT, write_algorithms

from src.algorithms.algorithm import WEIGHTED_LOSS
from src.algorithms.rollouts import Rollouts
from src.config.algorithm import make_algorithm

REWARDS = np.array([3.0, 1.0, 2.0, 10.0, 0.0, 5.0])
KEYS = [f"{prompt}_{session}_0" for prompt in "ab" for session in range(3)]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    write_algorithms(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("median", "best"):
        sys.modules.pop(name, None)


def rollouts() -> Rollouts:
    return Rollouts(
        keys=KEYS,
        rewards=REWARDS,
        terms=[{}] * 6,
        roles=[""] * 6,
        turns=np.zeros(6, dtype=int),
        lengths=np.ones(6),
        rows=[{}] * 6,
    )


def test_median_compares_with_the_prompts_median() -> None:
    median = make_algorithm("median.Median", "median", {})
    assert median.advantages(rollouts()).tolist() == [1.0, -1.0, 0.0, 5.0, -5.0, 0.0]
    assert REWARDS[0] == 3.0 and median.loss() is None  # no weights: veRL's own


def test_best_keeps_the_best_and_weighs_them_by_rank() -> None:
    best = make_algorithm("best.Best", "best", {"keep": 2})
    chosen = best.select(rollouts(), step=1)
    assert chosen.kept.tolist() == [True, False, True, True, False, True]
    assert chosen.weights[chosen.kept] == pytest.approx([4 / 3, 2 / 3, 4 / 3, 2 / 3])
    assert (best.kept_per_prompt(3), best.loss()) == (2, WEIGHTED_LOSS)
    assert best.advantages(chosen.take([0, 2, 3, 5])).tolist() == [0.5, -0.5, 2.5, -2.5]


def test_ten_lines_are_ten_lines() -> None:
    section = (ROOT / "README.md").read_text().partition("## Add an algorithm in ten lines")[2]
    first = re.findall(r"```python\n(.*?)```", section, re.S)[0]
    assert len([line for line in first.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("algorithm=median",), 0, "  trainer.v1.sampler.sampler_kwargs.algorithm.path: (absent) -> median.Median"),
        (
            ("algorithm=best", "algorithm.best.keep=3"),
            0,
            "  trainer.v1.sampler.sampler_kwargs.algorithm.settings.keep: (absent) -> 3",
        ),
        (
            ("algorithm=best", "+algorithm.best.kept=3"),
            2,
            "error: algorithm.best.kept: best.Best has no such setting; it has keep",
        ),
    ],
)
def test_they_are_chosen_by_their_yaml(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    command = [
        sys.executable, "-m", "src.launch", "+recipe=time_r1", "scale=smoke", "runtime=cpu", "launch.dry_run=true",
        f"--config-dir={tmp_path / 'conf'}", *arguments,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": "", "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == code, done.stderr
    assert said in (done.stdout + done.stderr).splitlines()
