"""What a run shows, in plain words: did reward rise, are answers valid, do they beat baselines?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from src.record.metric_names import lower_is_better, metric_words
from src.record.metrics_log import Series
from src.record.reading import RunRecord
from src.report.parts.wording import number, percent, words
from src.report.run.comparison import LOSES, UNCERTAIN, WINS, Comparison, compare
from src.report.run.held_out import held_out, paired
from src.tasks.scores import Difference

VALID_GOAL = 0.95  # the share of valid answers from which answers count as usable
FEW_STEPS = 6
FEW_DATASETS = 3  # of each of which a card has room for all


@dataclass(frozen=True)
class Finding:
    """One answer to one question. ``tone`` is good, bad or open; ``clause`` is its part of a sentence."""

    question: str
    answer: str
    detail: str
    tone: str
    clause: str


def findings(record: RunRecord, test: Sequence[Comparison] = ()) -> list[Finding]:
    """Return the three findings of a run: reward, valid answers, the leading metric against the best baseline.

    Args:
        test: the comparisons on the test split, which decide on the last finding where the run was evaluated; else
            those on the data of the validations during training do.
    """
    validated = compare(record)
    return [_reward(record), _valid(record, validated), _against_baselines(validated, test)]


def summary(found: list[Finding]) -> str:
    """Join the findings into one sentence."""
    first, *middle, final = (finding.clause for finding in found)
    sentence = ", ".join([first, *middle]) + f", and {final}."
    return sentence[0].upper() + sentence[1:]


def _finite_points(record: RunRecord, stage: str, name: str) -> Series | None:
    """Return a metric of a stage with its finite points only; None where there is none."""
    series = record.metrics[stage].get(name)
    if series is None or not np.isfinite(series.values).any():
        return None
    finite = np.isfinite(series.values)
    return Series(series.steps[finite], series.values[finite])


def _reward(record: RunRecord) -> Finding:
    """Whether the reward rose: in the stage that has one, or in each of several, whose rewards are not comparable."""
    question = "Did the reward rise?"
    stages = {name: found for name in record.metrics if (found := _finite_points(record, name, "reward/mean"))}
    if not stages:
        detail = "The run has recorded no reward yet."
        return Finding(question, "Not measured", detail, "open", "the reward was not recorded")
    trends = {name: _trend(series.values) for name, series in stages.items()}
    held_out = _held_out_reward(record)
    if len(trends) == 1:
        (trend,) = trends.values()
        return Finding(question, trend.answer, trend.detail + held_out, trend.tone, trend.clause)
    detail = " ".join(f"{name}: {trend.clause}{trend.span and f', {trend.span}'}." for name, trend in trends.items())
    by_tone = [list(of_one) for _, of_one in groupby(trends.items(), key=lambda pair: pair[1].tone)]
    if len(by_tone) == 1:
        clause = f"{next(iter(trends.values())).clause} in {_listed(list(trends))}"
    else:
        clause = _listed([f"{trend.clause} in {name}" for name, trend in trends.items()])
    rose = sum(trend.tone == "good" for trend in trends.values())
    tones = [trend.tone for trend in trends.values()]
    tone = "bad" if "bad" in tones else "open" if "open" in tones else "good"
    return Finding(question, f"In {rose} of {len(trends)} stages", detail + held_out, tone, clause)


@dataclass(frozen=True)
class _Trend:
    """What became of one stage's reward; ``span`` is from where to where."""

    answer: str
    detail: str
    tone: str
    clause: str
    span: str = ""


def _trend(values: NDArray[np.float64]) -> _Trend:
    count = len(values)
    if count < FEW_STEPS:
        detail = f"{count} step(s) recorded, {FEW_STEPS} are needed; the last: {number(values[-1])}."
        return _Trend("Too few steps to tell", detail, "open", "there are too few steps to judge the reward")
    width = max(3, count // 5)
    start, end = values[:width], values[-width:]
    change = float(end.mean() - start.mean())
    error = math.sqrt((start.var(ddof=1) + end.var(ddof=1)) / width)
    span = f"{number(start.mean())} \N{RIGHTWARDS ARROW} {number(end.mean())}"
    detail = (
        f"Training reward, mean of the first {width} steps against the last {width}: "
        f"{change:+.3f} (standard error {error:.3f})."
    )
    if change > 2 * error:
        return _Trend(f"Yes: {span}", detail, "good", "the reward rose", span)
    if change < -2 * error:
        return _Trend(f"No, it fell: {span}", detail, "bad", "the reward fell", span)
    return _Trend(f"No clear change: {span}", detail, "open", "the reward did not clearly change", span)


def _held_out_reward(record: RunRecord) -> str:
    """From the first to the last validation of the last stage that has two, each question against itself."""
    rows, gains, _ = held_out(record, record.folder.name)
    known = [row for row in rows if None not in row.reward]
    few = len(known) <= FEW_DATASETS
    sentences = [
        f" Held out on {row.dataset}: {number(row.reward[0])} \N{RIGHTWARDS ARROW} {number(row.reward[1])}"
        f"{_chance(row.gain) if few else ''}."
        for row in known
    ]
    if not few and (together := _chance(paired(gains))):
        sentences.append(f" All held-out questions together{together}.")
    return "".join(sentences)


def _chance(gain: Difference | None) -> str:
    if gain is None or gain.interval is None:
        return ""
    low, high = gain.interval
    return f" ({gain.difference:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}, {gain.items} independent items)"


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _valid(record: RunRecord, comparisons: list[Comparison]) -> Finding:
    question = "Are the answers valid?"
    shares = {
        item.dataset: [1 - evaluation.value("fail_frac") for evaluation in item.evaluations]
        for item in comparisons
        if math.isfinite(item.evaluations[-1].value("fail_frac"))
    }
    if shares:
        dataset, worst = min(shares.items(), key=lambda pair: pair[1][-1])
        share, where = worst[-1], f"held-out answers on {dataset}"
        if len(shares) > 1:
            where += f", the worst of {len(shares)} datasets"
        detail = f"{percent(share)} of {where}"
        first = worst[0]
        detail += f"; {percent(first)} before." if len(worst) > 1 and math.isfinite(first) else "."
    else:
        every = (_finite_points(record, stage, "parse/valid_frac") for stage in reversed(record.metrics))
        series = next(filter(None, every), None)
        if series is None:
            detail = "The run has recorded no answers yet."
            return Finding(question, "Not measured", detail, "open", "answers were not checked")
        share = float(series.values[-10:].mean())
        detail = f"{percent(share)} of the training rollouts of the last {min(10, len(series.values))} steps."
    clause = f"{percent(share)} of answers are valid"
    if share >= VALID_GOAL:
        return Finding(question, f"Yes: {percent(share)}", detail, "good", clause)
    answer = f"Not all: {percent(share)}" if share >= 0.5 else f"Mostly not: {percent(share)}"
    return Finding(question, answer, detail, "open" if share >= 0.8 else "bad", clause)


def _against_baselines(validated: Sequence[Comparison], test: Sequence[Comparison]) -> Finding:
    question = "Do the answers beat the best baseline?"
    judged = [item for item in test if item.best_baseline is not None]
    on_test = bool(judged)
    judged = judged or [item for item in validated if item.best_baseline is not None]
    if not judged:
        detail = "No result with a baseline beside it has been recorded."
        return Finding(question, "Not measured", detail, "open", "answers were not compared with baselines")
    detail = " ".join(_error_sentence(item, short=len(judged) > FEW_DATASETS) for item in judged)
    detail = f"{'Test split' if on_test else 'Held out'}: {detail}"
    failed = max(item.last.values.get("fail_frac", 0.0) for item in judged)
    unanswered = failed > 1 - VALID_GOAL
    if unanswered:
        detail += f" Up to {percent(failed)} of the answers could not be used."
    if len(judged) == 1:
        (item,) = judged
        answer, clause = _answer(item), _clause(item)
    else:
        won = [item for item in judged if item.outcome == WINS]
        count = f"on {len(won)} of {len(judged)} datasets"
        answer = count.capitalize()
        clause = f"answers beat the best baseline {count}"
        if lost := [f"{item.dataset} ({words(item.best_baseline or '')})" for item in judged if item.outcome == LOSES]:
            clause += f", and lose to it on {', '.join(lost) if len(lost) <= FEW_DATASETS else len(lost)}"
    outcomes = {item.outcome for item in judged}
    tone = "bad" if outcomes == {LOSES} else "open" if unanswered or outcomes != {WINS} else "good"
    return Finding(question, answer, detail, tone, clause)


def _answer(item: Comparison) -> str:
    if not math.isfinite(item.last.value(item.lead)):
        return "No: no usable answer"
    start = {WINS: "Yes", UNCERTAIN: "Not certain", LOSES: "No"}[item.outcome]
    return f"{start}: {metric_words(item.lead)} {_change(item)}"


def _clause(item: Comparison) -> str:
    """The outcome as a part of a sentence that names the baseline, whichever it is."""
    best, metric = words(item.best_baseline or ""), metric_words(item.lead)
    if not math.isfinite(item.last.value(item.lead)):
        return f"the model does not beat the best baseline ({best}): it has no usable answer"
    if item.outcome == LOSES:
        return f"the model does not beat the best baseline ({best}): the {metric} is {_change(item)}"
    clause = f"the {metric} is {_change(item)} than the best baseline ({best})"
    return clause if item.outcome == WINS else f"{clause}, which may be chance"


def _change(item: Comparison) -> str:
    """How far the final model is from the best baseline, such as ``12 % lower``."""
    gain, lower = item.final_gain, lower_is_better(item.lead)
    if not math.isfinite(gain):  # of an error, where the baseline has none
        return "higher"
    if gain == 0:
        return "no better"
    size = percent(abs(gain)) if lower else number(abs(gain))
    return f"{size} {'lower' if lower == (gain > 0) else 'higher'}"


def _error_sentence(item: Comparison, *, short: bool) -> str:
    best = item.best_baseline or ""
    ours, theirs = item.last.value(item.lead), item.baselines[best][item.lead]
    if short:
        return f"{item.dataset}: {number(ours)} against {number(theirs)} ({words(best)})."
    sentence = f"{item.dataset}: {number(ours)}"
    if interval := item.last.intervals.get(item.lead):
        items = f", {item.items} independent items" if item.items is not None else ""
        sentence += f" ({number(interval[0])} to {number(interval[1])}{items})"
    sentence += f" against {number(theirs)} of the {words(best)}"
    start = item.evaluations[0]
    if len(item.evaluations) > 1 and math.isfinite(start.value(item.lead)):
        before = start.label.removeprefix("Model, ") if item.of_test else "before"
        sentence += f"; {number(start.value(item.lead))} {before}"
    return sentence + "."
