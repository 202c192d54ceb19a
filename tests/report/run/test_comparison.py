"""A run's model beside the baselines."""

import math

import numpy as np
from recorded import record

from src.record.metrics_log import Series
from src.report.run.comparison import compare


def test_the_noise_floor_is_no_trivial_forecast() -> None:
    run = record(
        val__q__mae=[0.6, 0.5],
        val__q__fail_frac=[0.0, 0.0],
        val__q__baseline__copy_yesterday__mae=[1.0, 1.0],
        val__q__baseline__noise_floor__mae=[0.2, 0.2],
    )
    assert compare(run)[0].best_baseline == "copy_yesterday"


def test_nothing_answered_before_training_is_a_row_without_error() -> None:
    run = record(val__a__fail_frac=[1.0, 0.0])
    run.metrics["rl"]["val/a/mse"] = Series(np.array([1]), np.array([3.0]))
    first, last = compare(run)[0].evaluations
    assert math.isnan(first.value("mse"))
    assert (first.value("fail_frac"), first.label) == (1.0, "Model, before RL (step 0)")
    assert (last.value("mse"), last.label) == (3.0, "Model, after RL (step 1)")
