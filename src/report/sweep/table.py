"""A sweep's table: on the terminal, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from src.record.evaluation import independence
from src.report.parts.wording import number, percent
from src.report.sweep.comparison import Pair, verdict
from src.report.sweep.results import Results, Setting
from src.report.sweep.statistics import Mean, Paired

_WIDTH = 22  # of a column of the terminal's table
_UNFINISHED = ("failed", "cut off", "running", "pending")


def heading(metric: str) -> str:
    """A metric as a column's heading: ``held-out reward``, ``test MSE``; a name of the record where it is no other."""
    kind, _, rest = metric.partition("/")
    dataset, _, name = rest.rpartition("/")
    if kind not in ("val", "test") or not dataset:
        return metric
    words = {"mse": "MSE", "mae": "MAE", "fail_frac": "failed answers"}.get(name, name.replace("_", " "))
    where = "" if dataset == "*" else f" on {dataset}"
    return f"{'held-out' if kind == 'val' else 'test'} {words}{where}"


def written(metric: str, amount: float) -> str:
    """One value of a metric; shares as percentages."""
    return percent(amount) if metric.endswith("_frac") else number(amount)


def value(metric: str, mean: Mean) -> str:
    """A mean with its interval, as far as there is one."""
    half = f" ± {written(metric, mean.half)}" if math.isfinite(mean.half) else ""
    return written(metric, mean.value) + half


def over(paired: Paired, kind: str) -> str:
    """What a paired difference is over: so many common seeds or questions, and how many of these are independent."""
    said = independence({"items": paired.items, "questions": paired.n}) if kind.endswith("questions") else None
    return f"{paired.n} common {kind}" + (f" ({said})" if said else "")


def missing(setting: Setting) -> str:
    """What of a setting has no result, such as ``1 failed``; empty when all of it has."""
    return ", ".join(f"{count} {state}" for state in _UNFINISHED if (count := setting.count(state)))


def print_table(results: Results, console: Console | None = None) -> None:
    """The table on the terminal, best setting first, and what the comparison says of the two best ones."""
    console = console or Console(highlight=False)
    caption = "mean ± 95 % t-interval over n seeds; * best"
    table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left", title_justify="left")
    table.add_column("setting", overflow="fold", min_width=24)
    table.add_column("n", justify="right")
    shown = results.columns[: max(1, (console.width - 36) // _WIDTH)]
    for metric in shown:
        table.add_column(heading(metric), justify="right")
    if any(missing(one) for one in results.settings):
        table.add_column("")
    best = {metric: results.best_of(metric) for metric in shown}
    for setting in results.ranked:
        cells = []
        for metric in shown:
            is_best = best[metric] is setting
            mark = " *" if is_best else "  "
            cells.append(Text(value(metric, setting.mean(metric)) + mark, style="bold green" if is_best else ""))
        lost = Text(missing(setting), style="red")
        table.add_row(setting.label, str(setting.mean(results.metric).n), *cells, *([lost] if lost.plain else []))
    console.print(table)


def print_pairs(pairs: list[Pair], results: Results, console: Console | None = None) -> None:
    """One line for each comparison."""
    console = console or Console(highlight=False)
    for pair in pairs:
        console.print(f"{pair.first} against {pair.second}: {verdict(pair, results.lower)}", soft_wrap=True)
        for name, paired, p in (("seeds", pair.seeds, pair.p_seeds), ("questions", pair.questions, pair.p_questions)):
            if paired is not None and paired.n > 1:
                sure = f" [{paired.low:+.4g}, {paired.high:+.4g}], p = {p:.2g}" if paired.items > 1 else ""
                console.print(f"  over {over(paired, name)}: {paired.difference:+.4g}{sure}", soft_wrap=True)


def rows(results: Results) -> list[dict[str, Any]]:
    """One row per setting, best first: its keys, counts, and mean and interval of every metric."""
    made = []
    for setting in results.ranked:
        row: dict[str, Any] = {"setting": setting.label, **setting.settings}
        row |= {"n": setting.mean(results.metric).n, "failed": setting.count("failed"), "cells": len(setting.cells)}
        for metric in results.columns:
            mean = setting.mean(metric)
            row[metric] = _finite(mean.value)
            row[f"{metric} ±"] = _finite(mean.half)
            row[f"{metric} n"] = mean.n
        made.append(row)
    return made


def as_csv(results: Results) -> str:
    table = rows(results)
    output = io.StringIO()
    writer = csv.DictWriter(output, list(dict.fromkeys(key for row in table for key in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return output.getvalue()


def as_json(results: Results, pairs: list[Pair]) -> dict[str, Any]:
    """The table, every cell's scores, and the comparisons."""
    return {
        "sweep": results.sweep.name,
        "metric": results.metric,
        "direction": "minimize" if results.lower else "maximize",
        "no_order": results.refusal,
        "best": results.best.label if results.best else None,
        "settings": rows(results),
        "cells": [
            {
                "name": one.cell.name,
                "settings": one.cell.settings,
                "state": one.cell.state,
                "error": one.cell.error,
                "run": one.cell.run,
                "scores": {metric: _finite(one.score(metric)) for metric in results.columns},
            }
            for setting in results.settings
            for one in setting.cells
        ],
        "comparisons": [
            {
                "first": pair.first,
                "second": pair.second,
                "verdict": verdict(pair, results.lower),
                **{
                    name: {
                        "difference": _finite(paired.difference),
                        "interval": [_finite(paired.low), _finite(paired.high)],
                        "p": _finite(paired.p),
                        "p_holm": _finite(p),
                        "n": paired.n,
                        "items": paired.items,
                    }
                    for name, paired, p in (
                        ("seeds", pair.seeds, pair.p_seeds),
                        ("questions", pair.questions, pair.p_questions),
                    )
                    if paired is not None
                },
            }
            for pair in pairs
        ],
    }


def _finite(number: float) -> float | None:
    """Ten digits, which keep what was recorded and drop what adding up has left behind it; None for NaN."""
    return float(f"{number:.10g}") if math.isfinite(number) else None
