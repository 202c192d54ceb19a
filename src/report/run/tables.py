"""Tables of the model beside the baselines: of whole datasets, and of the parts that a task scores apart."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from src.record.metric_names import best_baseline, better, is_bound, lower_is_better, metric_words
from src.record.metrics_log import as_float
from src.report.parts.wording import DASH, number, percent, text, words
from src.report.run.comparison import Comparison, Intervals, Values, stage_label

Row = tuple[str, str, Values, Intervals]  # label, kind, values, intervals
_COMPETE = ("model", "baseline")  # not a bound, nor the model on something else than the questions


def comparison_tables(comparisons: Sequence[Comparison]) -> str:
    """Return one table per dataset: the models, and the baselines; the best of each column is marked."""
    return '<div class="tables">' + "".join(map(_table, comparisons)) + "</div>" if comparisons else ""


def _table(item: Comparison) -> str:
    rows: list[Row] = [(e.label, "model", e.values, e.intervals) for e in item.evaluations]
    rows += [(e.label, "variant", e.values, e.intervals) for e in item.variants.values()]
    for name, values in item.baselines.items():
        kind = "bound" if is_bound(name) else "baseline"
        rows.append((f"{kind.capitalize()}: {words(name)}", kind, values, item.intervals.get(name, {})))
    # Only what the baselines are held against as well has a best; a bound, such as an oracle's answers, is nobody's.
    compared = {metric for values in item.baselines.values() for metric in values}
    marked = {
        metric: _best(metric, [values for _, kind, values, _ in rows if kind in _COMPETE])
        for metric in item.metrics
        if metric in compared
    }
    body = ""
    for label, kind, values, intervals in rows:
        cells = "".join(
            _cell(
                values.get(metric),
                intervals.get(metric),
                best=kind in _COMPETE and values.get(metric, math.nan) == marked.get(metric),
            )
            for metric in item.metrics
        )
        failed = values.get("fail_frac", math.nan if kind == "model" else 0.0)  # a baseline's answers are all of use
        body += (
            f'<tr class="{kind}"><th scope="row">{text(label)}</th>{cells}'
            f"<td>{percent(failed)}</td><td>{_against(item, label, values.get(item.lead, math.nan))}"
            f"{_apart(item, label)}</td></tr>"
        )
    heads = "".join(f'<th scope="col">{text(metric_words(metric))}</th>' for metric in item.metrics)
    return (
        f'<div class="scroll"><table class="comparison" data-dataset="{text(item.dataset)}">'
        f"<caption>{text(item.dataset)}, {text(item.about)}</caption>"
        f'<thead><tr><th scope="col">Answers</th>{heads}'
        f'<th scope="col">Failed answers</th><th scope="col">{text(metric_words(item.lead))} against best baseline'
        f"</th></tr></thead><tbody>{body}</tbody></table>{_remarks(item)}</div>"
    )


def _apart(item: Comparison, label: str) -> str:
    """The interval of a model's difference to the best baseline, where questions were compared one by one."""
    model = next((one for one in item.evaluations if one.label == label), None)
    paired = model.difference("baseline", item.best_baseline or "") if model else None
    if paired is None or paired.interval is None:
        return ""
    low, high = map(number, paired.interval)
    return f"<small>{text(metric_words(item.lead))} {low} to {high}</small>"


def _remarks(item: Comparison) -> str:
    """The difference of each stage's model to the one before, and what the task says of its metrics."""
    lines = []
    for one in item.evaluations:
        for paired in one.differences:
            if paired.kind in ("stage", "variant"):
                chance = paired.interval and f" ({number(paired.interval[0])} to {number(paired.interval[1])})"
                to = (
                    f"after {stage_label(paired.to)}"
                    if paired.kind == "stage"
                    else f"the same model {words(paired.to)}"
                )
                lines.append(
                    f"After {stage_label(one.stage)} less {to}: {metric_words(item.lead)} "
                    f"{number(paired.difference)}{chance or ''}, {paired.items} independent items."
                )
    lines += [f"{metric_words(metric)}: {words_}." for metric, words_ in item.remarks.items()]
    return "".join(f'<p class="remark">{text(line)}</p>' for line in lines)


def _cell(value: float | None, interval: tuple[float, float] | None = None, *, best: bool = False) -> str:
    small = f"<small>{number(interval[0])} to {number(interval[1])}</small>" if interval else ""
    start = '<td class="best">' if best else "<td>"
    return f"{start}{number(value)}{small}</td>"


def _best(metric: str, rows: Sequence[Values]) -> float | None:
    known = [values[metric] for values in rows if math.isfinite(values.get(metric, math.nan))]
    return (min if lower_is_better(metric) else max)(known, default=None)


def _against(item: Comparison, label: str, value: float) -> str:
    gain = item.gain(value)
    if label == f"Baseline: {words(item.best_baseline or '')}":
        return "best baseline"
    if not math.isfinite(gain):
        return DASH
    return f"{round(-100 * gain):+d} %" if lower_is_better(item.lead) else f"{gain:+.3f}"


def part_tables(title: str, parts: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Return one table per metric of what a task scores apart, such as the channels of a series.

    Args:
        title: what the parts are, such as ``channels``.
        parts: label of a model -> name of a part -> its metrics, and ``baselines``: name -> metrics.
    """
    final = list(parts.values())[-1]
    first = next(iter(final.values()))
    beside = [metrics for metrics in first["baselines"].values() if isinstance(metrics, Mapping)]
    metrics = [name for name in first if beside and all(name in one for one in beside)]
    return "".join(_part_table(title, metric, parts) for metric in metrics)


def _part_table(title: str, metric: str, parts: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    final = list(parts.values())[-1]
    names = list(next(iter(final.values()))["baselines"])
    body = ""
    for part, scores in final.items():
        models = [as_float(one.get(part, {}).get(metric)) for one in parts.values()]
        beside = {name: as_float(scores["baselines"].get(name, {}).get(metric)) for name in names}
        honest = [value for name, value in beside.items() if not is_bound(name)]
        best = _best(metric, [{metric: value} for value in [*models, *honest]])
        cells = "".join(_cell(value, best=value == best) for value in models).replace("<td", '<td data-of="model"')
        cells += "".join(_cell(value, best=value == best and not is_bound(name)) for name, value in beside.items())
        standing = _standing(metric, models[-1], beside)
        body += f'<tr><th scope="row">{text(part)}</th>{cells}<td>{text(standing)}</td></tr>'
    heads = "".join(f'<th scope="col">{text(name)}</th>' for name in [*parts, *map(words, names)])
    return (
        f'<div class="scroll"><table class="parts" data-metric="{text(metric)}">'
        f"<caption>{text(metric_words(metric))} of {text(title)}</caption>"
        f'<thead><tr><th scope="col">{text(title.capitalize())}</th>{heads}'
        f'<th scope="col">Against best baseline</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _standing(metric: str, ours: float, beside: Mapping[str, float]) -> str:
    """Whether the final model beats the best baseline of a part, in words that name it."""
    name = best_baseline({one: {metric: value} for one, value in beside.items()}, metric)
    if name is None or not math.isfinite(ours):
        return DASH
    theirs = beside[name]
    change = ours / theirs - 1 if theirs > 0 and lower_is_better(metric) else None
    size = f"{ours - theirs:+.3f}" if change is None else f"{round(100 * change):+d} %"
    return f"{size}, {'beats' if better(metric, ours, theirs) else 'loses to'} {words(name)}"


def scored_apart(details: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Mapping[str, Any]]]]:
    """Title and parts of everything in a result's ``details`` that has several parts with baselines of their own."""
    for title, parts in details.items():
        if isinstance(parts, Mapping) and len(parts) > 1 and all(map(_is_part, parts.values())):
            yield title, parts


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("baselines"), Mapping)
