"""What a run shows, in plain words: did reward rise, are answers valid, do forecasts beat baselines?"""

import math
from dataclasses import dataclass

import numpy as np

from src.record.metrics_log import Series
from src.record.reading import RunRecord
from src.report.parts.wording import metric_words, number, percent, words
from src.report.run.comparison import Comparison, compare
from src.runs import lower_is_better

VALID_GOAL = 0.95  # the share of valid answers from which forecasts count as usable
FEW_STEPS = 6


@dataclass(frozen=True)
class Finding:
    """One answer to one question. `tone` is good, bad or open; `clause` is its part of a sentence."""

    question: str
    answer: str
    detail: str
    tone: str
    clause: str


def findings(record: RunRecord) -> list[Finding]:
    """Return the three findings of a run: reward, valid answers, MSE against the best baseline."""
    comparisons = compare(record)
    return [_reward(record, comparisons), _valid(record, comparisons), _errors(comparisons)]


def summary(found: list[Finding]) -> str:
    """Join the findings into one sentence."""
    first, *middle, final = (finding.clause for finding in found)
    sentence = ", ".join([first, *middle]) + f", and {final}."
    return sentence[0].upper() + sentence[1:]


def _metric(record: RunRecord, name: str) -> Series | None:
    """Return a metric of the last stage that has it, with its finite points only."""
    for metrics in reversed(record.metrics.values()):
        if name in metrics:
            finite = np.isfinite(metrics[name].values)
            return Series(metrics[name].steps[finite], metrics[name].values[finite])
    return None


def _reward(record: RunRecord, comparisons: list[Comparison]) -> Finding:
    question = "Did the reward rise?"
    series = _metric(record, "reward/mean")
    if series is None or not len(series.values):
        detail = "The run has recorded no reward yet."
        return Finding(question, "Not measured", detail, "open", "the reward was not recorded")
    count = len(series.values)
    if count < FEW_STEPS:
        detail = f"{count} step(s) recorded, {FEW_STEPS} are needed; the last: {number(series.values[-1])}."
        clause = "there are too few steps to judge the reward"
        return Finding(question, "Too few steps to tell", detail, "open", clause)
    width = max(3, count // 5)
    start, end = series.values[:width], series.values[-width:]
    change = float(end.mean() - start.mean())
    error = math.sqrt((start.var(ddof=1) + end.var(ddof=1)) / width)
    span = f"{number(start.mean())} \N{RIGHTWARDS ARROW} {number(end.mean())}"
    detail = (
        f"Training reward, mean of the first {width} steps against the last {width}: "
        f"{change:+.3f} (standard error {error:.3f})."
    )
    for item in comparisons:
        ends = [evaluation.value("reward") for evaluation in (item.evaluations[0], item.evaluations[-1])]
        if all(map(math.isfinite, ends)) and len(item.evaluations) > 1:
            detail += f" Held out on {item.dataset}: {number(ends[0])} \N{RIGHTWARDS ARROW} {number(ends[1])}."
    if change > 2 * error:
        return Finding(question, f"Yes: {span}", detail, "good", "the reward rose")
    if change < -2 * error:
        return Finding(question, f"No, it fell: {span}", detail, "bad", "the reward fell")
    return Finding(question, f"No clear change: {span}", detail, "open", "the reward did not clearly change")


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
        series = _metric(record, "parse/valid_frac")
        if series is None or not len(series.values):
            detail = "The run has recorded no answers yet."
            return Finding(question, "Not measured", detail, "open", "answers were not checked")
        share = float(series.values[-10:].mean())
        detail = f"{percent(share)} of the training rollouts of the last {min(10, len(series.values))} steps."
    clause = f"{percent(share)} of answers are valid"
    if share >= VALID_GOAL:
        return Finding(question, f"Yes: {percent(share)}", detail, "good", clause)
    answer = f"Not all: {percent(share)}" if share >= 0.5 else f"Mostly not: {percent(share)}"
    return Finding(question, answer, detail, "open" if share >= 0.8 else "bad", clause)


def _errors(comparisons: list[Comparison]) -> Finding:
    judged = [item for item in comparisons if math.isfinite(_gain(item))]
    forecasts = all(item.lead == "mse" for item in judged or comparisons)
    answers = "forecasts" if forecasts else "answers"
    question = f"Do the {answers} beat trivial ones?"
    if not judged:
        detail = "No held-out result with a baseline beside it has been recorded."
        return Finding(question, "Not measured", detail, "open", f"{answers} were not compared with baselines")
    beaten = [item for item in judged if _gain(item) > 0]
    detail = " ".join(_error_sentence(item) for item in judged)
    unanswered = any(item.evaluations[-1].value("fail_frac") > 1 - VALID_GOAL for item in judged)
    if unanswered and forecasts:
        detail += " The MSE counts only the windows that were answered."
    if len(judged) == 1:
        item = judged[0]
        size = percent(abs(_gain(item))) if lower_is_better(item.lead) else number(abs(_gain(item)))
        change = f"{size} {'lower' if lower_is_better(item.lead) == bool(beaten) else 'higher'}"
        answer = f"{'Yes' if beaten else 'No'}: {metric_words(item.lead)} {change}"
        against = f"than the best baseline ({words(item.best_baseline or '')})"
        clause = f"the {metric_words(item.lead)} is {change} {against}"
    else:
        count = f"on {len(beaten)} of {len(judged)} datasets"
        answer = count.capitalize()
        clause = f"the MSE is below the best baseline's {count}" if forecasts else f"answers beat trivial ones {count}"
    tone = "bad" if not beaten else "open" if unanswered or len(beaten) < len(judged) else "good"
    return Finding(question, answer, detail, tone, clause)


def _gain(item: Comparison) -> float:
    return item.gain(item.evaluations[-1].value(item.lead))


def _error_sentence(item: Comparison) -> str:
    best = item.best_baseline or ""
    ours, theirs = item.evaluations[-1].value(item.lead), item.baselines[best][item.lead]
    sentence = f"{item.dataset}: {number(ours)} against {number(theirs)} of the {words(best)}"
    start = item.evaluations[0].value(item.lead)
    if len(item.evaluations) > 1 and math.isfinite(start):
        sentence += f" ({number(start)} before)"
    return sentence + "."
