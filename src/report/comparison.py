"""The model's held-out errors at the start and end of each stage, beside those of the baselines."""

import math
from dataclasses import dataclass, field

from src.report.dashboard import match
from src.report.loading import RunRecord
from src.report.metrics_log import Series


@dataclass(frozen=True)
class Evaluation:
    """One validation of the model on one dataset; NaN where it recorded nothing (no window answered)."""

    stage: str
    step: int
    label: str
    mse: float
    mae: float
    fail_frac: float
    reward: float


@dataclass(frozen=True)
class Comparison:
    """One dataset: the model's evaluations in time order, and name -> (MSE, MAE) of each baseline."""

    dataset: str
    evaluations: list[Evaluation]
    baselines: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def best_baseline(self) -> str | None:
        """The baseline with the lowest MSE, None when none is recorded."""
        known = {name: errors[0] for name, errors in self.baselines.items() if math.isfinite(errors[0])}
        return min(known, key=known.__getitem__) if known else None

    def against_best(self, mse: float) -> float:
        """Return an MSE relative to the best baseline's: -0.1 is 10 % lower; NaN when either is missing."""
        best = self.best_baseline
        if best is None or not self.baselines[best][0] > 0:
            return math.nan
        return mse / self.baselines[best][0] - 1


def compare(record: RunRecord) -> list[Comparison]:
    """Return one comparison per validated dataset, in the order of the record."""
    datasets: dict[str, list[Evaluation]] = {}
    baselines: dict[str, dict[str, tuple[float, float]]] = {}
    for stage, metrics in record.metrics.items():
        validated = match("val/{dataset}/mse", metrics) | match("val/{dataset}/fail_frac", metrics)
        for dataset in dict.fromkeys(binding["dataset"] for binding in validated.values()):
            made = datasets.setdefault(dataset, [])
            made.extend(_first_and_last(stage, dataset, metrics, first=not made))
        for name, binding in match("val/{dataset}/baseline/{baseline}/mse", metrics).items():
            errors = (_at(metrics.get(name), None), _at(metrics.get(name.removesuffix("mse") + "mae"), None))
            baselines.setdefault(binding["dataset"], {})[binding["baseline"]] = errors
    return [Comparison(name, made, baselines.get(name, {})) for name, made in datasets.items()]


def _first_and_last(stage: str, dataset: str, metrics: dict[str, Series], *, first: bool) -> list[Evaluation]:
    keys = {key: metrics.get(f"val/{dataset}/{key}") for key in ("mse", "mae", "fail_frac", "reward")}
    steps = sorted({int(step) for series in keys.values() if series is not None for step in series.steps})
    wanted = [steps[-1]] if len(steps) == 1 or not first else [steps[0], steps[-1]]
    result = []
    for step in wanted:
        started = step == steps[0] and step == 0
        place = "before" if started else "after" if step == steps[-1] and len(steps) > 1 else "during"
        name = stage.upper() if len(stage) < 4 else stage  # SFT and RL are abbreviations
        label = f"Model, {place} {name} (step {step})"
        result.append(Evaluation(stage, step, label, *(_at(series, step) for series in keys.values())))
    return result


def _at(series: Series | None, step: int | None) -> float:
    """Return the value at `step`, or the last one for None; NaN when there is none."""
    if series is None or not len(series.steps):
        return math.nan
    if step is None:
        return float(series.values[-1])
    found = series.values[series.steps == step]
    return float(found[0]) if len(found) else math.nan
