"""Held-out forecasts during training: errors in original units, failures counted, baselines on the same windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from src.tasks.forecast.answer import parse_forecast
from src.tasks.forecast.baselines import baseline_forecasts
from src.tasks.forecast.metrics import Forecast, summarise


@dataclass(frozen=True)
class Scored:
    """The score of held-out responses.

    Args:
        metrics: names as in ``val/<dataset>/mse``.
        predictions: what was read from each response (a forecast's values), None where it failed.
    """

    metrics: dict[str, float]
    predictions: Sequence[Any]


def score(rows: Sequence[Mapping[str, Any]], responses: Sequence[str]) -> Scored:
    """Score one response per row; rows of one window may repeat.

    Args:
        rows: with ``data_source``, ``ground_truth`` (the horizon's values) and ``extra_info`` (``history``, ``period``,
            ``channel``, ``index``).
        responses: as the model wrote them.
    """
    predictions = [predict(row, response) for row, response in zip(rows, responses, strict=True)]
    by_dataset: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        by_dataset[row["data_source"]].append(position)
    metrics: dict[str, float] = {}
    for dataset, positions in by_dataset.items():
        chosen = [rows[position] for position in positions]
        answers = [predictions[position] for position in positions]
        metrics |= _summary(f"val/{dataset}", chosen, answers)
        for name in _baselines(chosen[0]):
            forecasts = [_baselines(row)[name].tolist() for row in chosen]
            metrics |= _summary(f"val/{dataset}/baseline/{name}", chosen, forecasts)
    return Scored(metrics, predictions)


def predict(row: Mapping[str, Any], response: str) -> list[float] | None:
    """The forecast in a response, or None when it cannot be used for this row's horizon."""
    answer = parse_forecast(response, len(row["ground_truth"]))
    return answer.values.tolist() if answer.problem is None else None


def _summary(
    prefix: str, rows: Sequence[Mapping[str, Any]], predictions: Sequence[list[float] | None]
) -> dict[str, float]:
    forecasts = [
        Forecast(row["extra_info"]["channel"], row["extra_info"]["index"], list(row["ground_truth"]), prediction)
        for row, prediction in zip(rows, predictions, strict=True)
    ]
    return summarise(forecasts).pooled.as_metrics(prefix)


def _baselines(row: Mapping[str, Any]) -> dict[str, np.ndarray]:
    info = row["extra_info"]
    return baseline_forecasts(np.asarray(info["history"], dtype=float), len(row["ground_truth"]), int(info["period"]))
