"""Results of an evaluation as tables for people, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from src.record.evaluation import independence
from src.record.metric_names import best_baseline, better, metric_words
from src.record.metrics_log import as_float

Results = Mapping[str, Mapping[str, Any]]

_PARTS_BESIDE = ("mase",)  # what parts of different units are compared by
_BESIDE = 3  # metrics beside the leading one; more of them are a table of their own


def print_results(results: Results, console: Console | None = None) -> None:
    """Print models beside the baselines on the same questions, and why answers failed.

    Args:
        results: what a model is called -> its result (docs/evaluation.md); all are of the same questions.
    """
    console = console or Console(highlight=False)
    for line in _lines(results):
        if isinstance(line, str):
            console.print(line, markup=False)
        else:
            console.print(line)


def _lines(results: Results) -> Iterator[str | Table]:
    first = next(iter(results.values()))
    yield f"\n{first['dataset']} ({first['split']}), mean of {first['runs']} answer(s) to each question"
    for name, group in first["groups"].items():
        models = {label: one["groups"][name] for label, one in results.items()}
        said = independence(group)
        yield f"\n{name}: {group['questions']} questions" + (f" ({said})" if said else "")
        yield from _tables(models)
        yield from (f"{metric_words(metric)}: {words}" for metric, words in group["about"].items())
        yield from _verdicts(models)
        yield from _parts(group["lead"], {label: one["details"] for label, one in results.items()})
    for label, result in results.items():
        yield from _problems(label, result)
    if len(results) == 1:
        yield _speed(first["speed"])


def _tables(models: Results) -> Iterator[Table]:
    """The models and the baselines by the leading metric and some others; then by those that are left."""
    first = next(iter(models.values()))
    lead, baselines = first["lead"], first["baselines"]
    rows = {**models, **{_words(name): {"metrics": metrics} for name, metrics in baselines.items()}}
    for label, one in models.items():
        rows |= {f"{label}, {_words(name)}": variant for name, variant in one["variants"].items()}
    others = list(dict.fromkeys(name for row in rows.values() for name in row["metrics"] if name != lead))
    table = _table("", metric_words(lead), "95 % interval", "failed", *map(metric_words, others[:_BESIDE]))
    for label, row in rows.items():
        failed = _percent(row["failed"] / row["answers"]) if "answers" in row else ""
        decisive = [_value(row, lead), _interval(row["metrics"].get(lead, {}).get("interval")), failed]
        table.add_row(label, *decisive, *(_value(row, name) for name in others[:_BESIDE]))
    yield table
    if rest := others[_BESIDE:]:
        table = _table("", *map(metric_words, rest))
        for label, row in rows.items():
            if any(name in row["metrics"] for name in rest):
                table.add_row(label, *(_value(row, name) for name in rest))
        yield table


def _verdicts(models: Results) -> Iterator[str]:
    """Whether each model beats the best baseline, which is named."""
    for label, one in models.items():
        lead = one["lead"]
        beside = {
            name: {lead: as_float(metrics.get(lead, {}).get("value"))} for name, metrics in one["baselines"].items()
        }
        if (name := best_baseline(beside, lead)) is not None:
            theirs = beside[name][lead]
            won = better(lead, as_float(one["metrics"][lead]["value"]), theirs)
            outcome = "beats" if won else "does not beat"
            yield (
                f"{label} {outcome} the best baseline, {_words(name)}: {metric_words(lead)} {number(theirs)}"
                f"{_differences(one, 'baseline')}"
            )
        yield from (f"{label} against the stage before{told}" for told in [_differences(one, "stage")] if told)
        yield from (f"{label}, what is asked otherwise{told}" for told in [_differences(one, "variant")] if told)


def _differences(group: Mapping[str, Any], kind: str) -> str:
    """What is known, question by question, of how far apart the two are."""
    told = ""
    for one in group["differences"]:
        if one["kind"] == kind:
            told += f"; difference to {_words(one['to'])} {one['difference']:+.4g}"
            if one["interval"] is not None:
                sure = "" if one["p"] < 0.05 else ", not certain"
                told += f" [{number(one['interval'][0])}, {number(one['interval'][1])}], p = {one['p']:.2g}{sure}"
            told += f", over {one['items']} independent item{'s' if one['items'] != 1 else ''}"
    return told


def _parts(lead: str, details: Results) -> Iterator[str | Table]:
    """The leading metric of what a task scores apart, such as the channels of a table, where there are several."""
    first = next(iter(details.values()))
    for title, parts in first.items():
        if not isinstance(parts, Mapping) or len(parts) < 2 or not all(map(_is_part, parts.values())):
            continue
        first_part = next(iter(parts.values()))
        baselines = list(first_part["baselines"])
        for metric in [lead, *(name for name in _PARTS_BESIDE if name in first_part and name != lead)]:
            table = _table(f"{metric_words(metric)} of {title}", *details, *map(_words, baselines))
            for name, part in parts.items():
                values = [one[title][name].get(metric) for one in details.values()]
                beside = [part["baselines"][one].get(metric) for one in baselines]
                table.add_row(name, *map(number, values), *map(number, beside))
            yield table


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("baselines"), Mapping)


def _problems(label: str, result: Mapping[str, Any]) -> Iterator[str]:
    failed = sum(group["failed"] for group in result["groups"].values())
    if failed:
        answers = sum(group["answers"] for group in result["groups"].values())
        yield f"{label}: {failed} of {answers} answers cannot be used"
        for problem, count in result["details"].get("problems", {}).items():
            yield f"  {count} x {problem}"


def _speed(speed: Mapping[str, Any]) -> str:
    rate = f", {speed['tokens_per_second']:.0f} tokens/s" if speed["tokens_per_second"] else ""
    return f"{speed['tokens']} tokens in {speed['generate_seconds']:.1f} s{rate}; {speed['seconds']:.1f} s in all"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _value(row: Mapping[str, Any], metric: str) -> str:
    return number(row["metrics"][metric]["value"]) if metric in row["metrics"] else ""


def number(value: float | None) -> str:
    """Four significant digits, "-" for a value that does not exist."""
    return "-" if value is None else f"{value:.4g}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _interval(bounds: list[float] | None) -> str:
    return "" if bounds is None else f"{number(bounds[0])} to {number(bounds[1])}"


def _words(name: str) -> str:
    return name.replace("_", " ")
