"""The model on held-out data at the start and end of each stage, beside the baselines on the same data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from src.record.metric_names import best_baseline, lower_is_better, ranked
from src.record.metrics_log import Series
from src.record.reading import RunRecord
from src.report.parts.dashboard import match

# Names of stages that are written in capitals.
ABBREVIATIONS = ("sft", "rl")


@dataclass(frozen=True)
class Evaluation:
    """One validation of the model on one dataset; ``values`` has what it recorded, by metric."""

    stage: str
    step: int
    label: str
    values: Mapping[str, float]

    def value(self, metric: str) -> float:
        """Return a recorded value, NaN where there is none (such as an error when no window was answered)."""
        return self.values.get(metric, math.nan)


@dataclass(frozen=True)
class Comparison:
    """One dataset: the metrics it is judged by (the first leads), the evaluations in time order, the baselines."""

    dataset: str
    metrics: list[str]
    evaluations: list[Evaluation]
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def lead(self) -> str:
        """The metric that decides."""
        return self.metrics[0]

    @property
    def best_baseline(self) -> str | None:
        """The baseline that is best by the leading metric, None when none is recorded."""
        return best_baseline(self.baselines, self.lead)

    def gain(self, value: float) -> float:
        """Return how much better than the best baseline a value of the leading metric is; NaN when either is missing.

        Of an error as a share of the baseline's: 0.1 is 10 % lower. Of anything else as a difference.
        """
        name = self.best_baseline
        if name is None:
            return math.nan
        other = self.baselines[name][self.lead]
        if not lower_is_better(self.lead):
            return value - other
        return 1 - value / other if other > 0 else math.nan


def compare(record: RunRecord) -> list[Comparison]:
    """Return one comparison per validated dataset, in the order of the record."""
    evaluations: dict[str, list[Evaluation]] = {}
    baselines: dict[str, dict[str, dict[str, float]]] = {}
    for stage, metrics in record.metrics.items():
        recorded: dict[str, dict[str, Series]] = {}
        for name, binding in match("val/{dataset}/{metric}", metrics).items():
            recorded.setdefault(binding["dataset"], {})[binding["metric"]] = metrics[name]
        for dataset, series in recorded.items():
            made = evaluations.setdefault(dataset, [])
            made.extend(_first_and_last(stage, series, first=not made))
        for name, binding in match("val/{dataset}/baseline/{baseline}/{metric}", metrics).items():
            values = baselines.setdefault(binding["dataset"], {}).setdefault(binding["baseline"], {})
            values[binding["metric"]] = float(metrics[name].values[-1])
    found = []
    for dataset, made in evaluations.items():
        beside = baselines.get(dataset, {})
        names = [name for evaluation in made for name in evaluation.values]
        found.append(Comparison(dataset, ranked(names, beside), made, beside))
    return found


def _first_and_last(stage: str, series: Mapping[str, Series], *, first: bool) -> list[Evaluation]:
    steps = sorted({int(step) for one in series.values() for step in one.steps})
    wanted = [steps[-1]] if len(steps) == 1 or not first else [steps[0], steps[-1]]
    result = []
    for step in wanted:
        started = step == steps[0] and step == 0
        place = "before" if started else "after" if step == steps[-1] and len(steps) > 1 else "during"
        name = stage.upper() if stage in ABBREVIATIONS else stage
        values = {
            metric: float(one.values[one.steps == step][0]) for metric, one in series.items() if step in one.steps
        }
        result.append(Evaluation(stage, step, f"Model, {place} {name} (step {step})", values))
    return result
