"""A Granger test of two series: the check of causality labels that shares nothing with their oracle."""

from __future__ import annotations

import numpy as np
from statsmodels.regression.linear_model import OLS

from recipes.timeomni1.tasks.drawing import Floats

OWN_LAGS = 3
_LOWEST_F = 4.0


def granger_f(cause: Floats, effect: Floats, lags: int) -> float:
    """F ratio of explaining the changes of ``effect`` (n,) by its own last 3, or by ``lags`` of ``cause`` as well.

    Granger, Econometrica 37 (1969), 424-438.
    """
    x, y = np.diff(cause), np.diff(effect)
    start = max(OWN_LAGS, lags)
    target = y[start:]
    own = [np.ones(len(target)), *(y[start - lag : len(y) - lag] for lag in range(1, OWN_LAGS + 1))]
    other = [x[start - lag : len(x) - lag] for lag in range(1, lags + 1)]
    restricted = OLS(target, np.column_stack(own)).fit()
    full = OLS(target, np.column_stack([*own, *other])).fit()
    return float(full.compare_f_test(restricted)[0])


def granger_label(first: Floats, second: Floats, lags: int) -> str:
    """``none`` below F = 4 both ways, else the direction with the larger F: ``forward`` or ``backward``."""
    forward, backward = granger_f(first, second, lags), granger_f(second, first, lags)
    if max(forward, backward) < _LOWEST_F:
        return "none"
    return "forward" if forward > backward else "backward"
