"""The numbers of a run as JSON data for the page: whole where they fit, thinned where a run is very long."""

from typing import Any

import numpy as np

from src.record.metrics_log import Series
from src.record.reading import RunRecord
from src.report.parts.decimate import bucket_means
from src.tasks.plots.thinning import keep_extremes

BUDGET = 450_000  # values of all metrics in the page: about 4 MB
LEAST = 400  # points that a series keeps at least: about one per pixel of a panel


def pack(record: RunRecord, averaged: set[str], budget: int = BUDGET) -> dict[str, Any]:
    """Return ``{"stages": [{name, metrics: {metric: [k, values]}}], "steps": [...], "start": int, "thinned": int}``.

    ``k`` is the position of the metric's steps in ``steps``, which metrics share. ``time`` is a metric too, in seconds
    after ``start``. ``thinned`` is the number of points that a series was reduced to, 0 when all are whole. The metrics
    in ``averaged`` are reduced to means of equal buckets, so that they still add up; the others keep their extremes.
    """
    steps: list[list[int]] = []
    places: dict[bytes, int] = {}
    clocks = record.times.values()
    start = min((int(clock.values.min()) for clock in clocks if len(clock.values)), default=0)
    every = [series for metrics in record.metrics.values() for series in metrics.values()]
    # short series stay whole, and long ones share what is left
    limit = max(LEAST, budget // max(1, len(every))) if sum(len(one.steps) for one in every) > budget else 0

    def packed(series: Series, name: str) -> list[Any]:
        at, values = series.steps, series.values
        if limit and len(at) > limit:
            if name in averaged:
                at, means = bucket_means(at, np.nan_to_num(values)[None], limit)
                values = means[0]
            else:
                kept = keep_extremes(values, limit)
                at, values = at[kept], values[kept]
        key = at.tobytes()
        if key not in places:
            places[key] = len(steps)
            steps.append(at.tolist())
        return [places[key], values.tolist()]

    stages = []
    for stage, metrics in record.metrics.items():
        found = {name: packed(series, name) for name, series in metrics.items()}
        if stage in record.times:
            clock = record.times[stage]
            found["time"] = packed(Series(clock.steps, np.round(clock.values - start, 1)), "time")
        stages.append({"name": stage, "metrics": found})
    return {"stages": stages, "steps": steps, "start": start, "thinned": limit}
