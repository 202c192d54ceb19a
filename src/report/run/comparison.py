"""The model of each stage beside the baselines on the same questions: held out during training, and the test split."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from src.record.evaluation import independence
from src.record.metric_names import best_baseline, better, lower_is_better, ranked
from src.record.metrics_log import Series, as_float
from src.record.reading import RunRecord
from src.report.parts.dashboard import match
from src.report.parts.wording import words
from src.tasks.scores import Difference

# Names of stages that are written in capitals.
ABBREVIATIONS = ("sft", "rl")

# What became of the final model against the best baseline.
WINS, UNCERTAIN, LOSES = "wins", "uncertain", "loses"

Values = Mapping[str, float]
Intervals = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of the model on one dataset; ``values`` has what it recorded, by metric.

    Attributes:
        intervals: the 95 % interval of each metric that has one.
        differences: to the best baseline, to the stage before and to the same model's answers to variants of the
            questions, paired by question, where they are known.
    """

    stage: str
    label: str
    values: Values
    intervals: Intervals = field(default_factory=dict)
    differences: Sequence[Difference] = ()

    def value(self, metric: str) -> float:
        """Return a recorded value, NaN where there is none (such as an error when no window was answered)."""
        return self.values.get(metric, math.nan)

    def difference(self, kind: str, to: str | None = None) -> Difference | None:
        """The difference to a baseline or to a stage; None where it is not known."""
        return next((one for one in self.differences if one.kind == kind and to in (None, one.to)), None)


@dataclass(frozen=True)
class Comparison:
    """One dataset: the metrics it is judged by (the first leads), the evaluations in time order, the baselines.

    Attributes:
        about: what was asked, in words.
        intervals: of the baselines, by name.
        items: how many of the questions are independent, where intervals say how far chance may go; else None.
        remarks: what must be said beside a metric.
        variants: the last model's answers where the questions are asked in other ways, such as without a picture.
        of_test: whether it is of the test split, which has intervals wherever they can be known.
    """

    dataset: str
    metrics: list[str]
    evaluations: list[Evaluation]
    baselines: Mapping[str, Values] = field(default_factory=dict)
    about: str = "held-out questions"
    intervals: Mapping[str, Intervals] = field(default_factory=dict)
    items: int | None = None
    remarks: Mapping[str, str] = field(default_factory=dict)
    variants: Mapping[str, Evaluation] = field(default_factory=dict)
    of_test: bool = False

    @property
    def lead(self) -> str:
        """The metric that decides."""
        return self.metrics[0]

    @property
    def last(self) -> Evaluation:
        """The model that the run ends at."""
        return self.evaluations[-1]

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

    @property
    def final_gain(self) -> float:
        """That of the model that the run ends at."""
        return self.gain(self.last.value(self.lead))

    @property
    def outcome(self) -> str:
        """Whether the final model beats the best baseline, which there must be.

        It is uncertain where the interval of their difference holds zero, or, where questions were not compared one by
        one, where the baseline's value lies within the interval of the model's; on the test split, where neither is
        known, too. A model that is not better loses, by however little, and so does one without a usable answer.
        """
        best, lead = str(self.best_baseline), self.lead
        ours, theirs = self.last.value(lead), self.baselines[best][lead]
        if not better(lead, ours, theirs):
            return LOSES
        paired, own = self.last.difference("baseline", best), self.last.intervals.get(lead)
        if paired is not None and paired.interval is not None:
            uncertain = paired.interval[0] <= 0 <= paired.interval[1]
        else:
            uncertain = self.of_test if own is None else own[0] <= theirs <= own[1]
        return UNCERTAIN if uncertain else WINS


def compare(record: RunRecord) -> list[Comparison]:
    """Return one comparison per dataset that was validated on during training, in the order of the record."""
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
        values = {
            metric: float(one.values[one.steps == step][0]) for metric, one in series.items() if step in one.steps
        }
        result.append(Evaluation(stage, f"Model, {place} {stage_label(stage)} (step {step})", values))
    return result


def on_test_split(evaluation: Mapping[str, Any]) -> list[Comparison]:
    """Return one comparison per group of the test split: the model of each stage, beside the baselines.

    Args:
        evaluation: stage -> result, as ``src.record.evaluation.read_evaluation`` gives it. Groups and baselines are
            those of the last stage's result; an older one that lacks a group has no row.
    """
    if not evaluation:
        return []
    final = list(evaluation.values())[-1]
    found = []
    for name, group in final["groups"].items():
        models = []
        for stage, result in evaluation.items():
            if one := result["groups"].get(name):
                label = f"Model, after {stage_label(stage)}"
                models.append(Evaluation(stage, label, *_answered(one), _differences(one)))
        read = {baseline: _values(metrics) for baseline, metrics in group["baselines"].items()}
        others = [metric for metric in dict.fromkeys([*group["metrics"]]) if metric != group["lead"]]
        beside = {baseline: values for baseline, (values, _) in read.items()}
        order = [metric for metric in ranked(others, beside) if metric not in (group["lead"], "reward")]
        found.append(
            Comparison(
                name,
                [group["lead"], *order],
                models,
                beside,
                asked(group),
                {baseline: intervals for baseline, (_, intervals) in read.items()},
                group["items"],
                group["about"],
                {
                    variant: Evaluation(models[-1].stage, f"{models[-1].label}, {words(variant)}", *_answered(one))
                    for variant, one in group["variants"].items()
                },
                of_test=True,
            )
        )
    return found


def _answered(group: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Values and intervals of the model's own metrics, the share of failed answers with them."""
    values, intervals = _values(group["metrics"])
    return {**values, "fail_frac": group["failed"] / group["answers"]}, intervals


def _differences(group: Mapping[str, Any]) -> list[Difference]:
    """Those of a group of ``evaluation.json``."""
    return [
        Difference(**{**one, "interval": None if one["interval"] is None else tuple(one["interval"])})
        for one in group["differences"]
    ]


def asked(group: Mapping[str, Any]) -> str:
    """How many questions a group of ``evaluation.json`` has, how many of them are independent, how many answers."""
    questions, said = group["questions"], independence(group)
    independent = f" ({said})" if said else ""
    answers = f", {group['answers']} answers" if group["answers"] != questions else ""
    return f"{questions} test questions{independent}{answers}"


def _values(metrics: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """The values and the intervals of an ``evaluation.json``'s metrics; what does not exist is left out."""
    values = {name: as_float(one["value"]) for name, one in metrics.items() if one["value"] is not None}
    intervals = {
        name: (float(one["interval"][0]), float(one["interval"][1])) for name, one in metrics.items() if one["interval"]
    }
    return values, intervals


def stage_label(stage: str) -> str:
    """The name of a stage as it reads in a sentence."""
    return stage.upper() if stage in ABBREVIATIONS else stage
