"""Records of runs that were never written: only their metrics count."""

from pathlib import Path

import numpy as np

from src.record.metrics_log import Series
from src.record.reading import RunRecord


def record(**metrics: list[float]) -> RunRecord:
    """Return a run with one RL stage; ``__`` in a metric's name stands for ``/``."""
    series = {
        name.replace("__", "/"): Series(np.arange(len(values)), np.array(values, dtype=float))
        for name, values in metrics.items()
    }
    return RunRecord(Path("run"), {}, {"rl": series}, [])


def choices(**acc: float) -> RunRecord:
    """Return a run of questions with choices: accuracy 0.3 before RL and as given after it, with baselines."""
    return record(
        val__q__acc=[0.3, acc["model"]],
        val__q__fail_frac=[0.2, 0.0],
        val__q__baseline__majority__acc=[acc["majority"]] * 2,
        val__q__baseline__majority__fail_frac=[0.0, 0.0],
        val__q__baseline__oracle__acc=[1.0, 1.0],
    )
