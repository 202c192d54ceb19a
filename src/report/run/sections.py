"""The parts of the page that need no script: headline, comparison table, facts about the run."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from src.record.metric_names import is_bound, lower_is_better, metric_words
from src.record.reading import RunRecord
from src.report.parts.wording import DASH, duration, number, percent, text, words
from src.report.run.comparison import Comparison
from src.report.run.headline import Finding, summary


def headline(found: list[Finding]) -> str:
    """Return the summary sentence and one card per finding."""
    cards = "".join(
        f'<article class="card {finding.tone}"><h3>{text(finding.question)}</h3>'
        f'<p class="answer">{text(finding.answer)}</p><p>{text(finding.detail)}</p></article>'
        for finding in found
    )
    return f'<p class="summary">{text(summary(found))}</p><div class="cards">{cards}</div>'


def notes(lines: list[str]) -> str:
    """Return what the reader must know about an imperfect record, or nothing."""
    if not lines:
        return ""
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f'<aside class="notes"><h2>Notes on the record</h2><ul>{items}</ul></aside>'


def comparison_tables(comparisons: list[Comparison]) -> str:
    """Return one table per dataset: the model before and after, and the baselines; the best is marked."""
    if not comparisons:
        return '<p class="empty">This run has recorded no validation on held-out data.</p>'
    return '<div class="tables">' + "".join(map(_table, comparisons)) + "</div>"


def _table(item: Comparison) -> str:
    rows = [(e.label, "model", e.values) for e in item.evaluations]
    for name, values in item.baselines.items():
        kind = "bound" if is_bound(name) else "baseline"
        rows.append((f"{kind.capitalize()}: {words(name)}", kind, {**values}))
    # A bound, such as an oracle's answers, is nobody's result.
    marked = {metric: _best(metric, [values for _, kind, values in rows if kind != "bound"]) for metric in item.metrics}
    body = ""
    for label, kind, values in rows:
        cells = "".join(
            f'<td class="best">{number(values[metric])}</td>'
            if kind != "bound" and metric in values and values[metric] == marked[metric]
            else f"<td>{number(values.get(metric))}</td>"
            for metric in item.metrics
        )
        failed = values.get("fail_frac", math.nan if kind == "model" else 0.0)
        body += (
            f'<tr class="{kind}"><th scope="row">{text(label)}</th>{cells}'
            f"<td>{percent(failed)}</td><td>{_against(item, label, values.get(item.lead, math.nan))}</td></tr>"
        )
    heads = "".join(f'<th scope="col">{text(metric_words(metric))}</th>' for metric in item.metrics)
    return (
        f'<table class="comparison" data-dataset="{text(item.dataset)}">'
        f"<caption>{text(item.dataset)}, held-out questions</caption>"
        f'<thead><tr><th scope="col">Answers</th>{heads}'
        f'<th scope="col">Failed answers</th><th scope="col">{text(metric_words(item.lead))} against best baseline'
        f"</th></tr></thead><tbody>{body}</tbody></table>"
    )


def _best(metric: str, rows: Sequence[Mapping[str, float]]) -> float | None:
    known = [values[metric] for values in rows if math.isfinite(values.get(metric, math.nan))]
    return (min if lower_is_better(metric) else max)(known, default=None)


def _against(item: Comparison, label: str, value: float) -> str:
    gain = item.gain(value)
    if label == f"Baseline: {words(item.best_baseline or '')}":
        return "best baseline"
    if not math.isfinite(gain):
        return DASH
    return f"{round(-100 * gain):+d} %" if lower_is_better(item.lead) else f"{gain:+.3f}"


def stages_table(record: RunRecord) -> str:
    """Return the stages with state, steps and time, as ``run.json`` lists them."""
    if not record.stages:
        return '<p class="empty">run.json lists no stages.</p>'
    body = ""
    for stage in record.stages:
        state = str(stage.get("state", "unknown"))
        body += (
            f'<tr><th scope="row">{text(stage["name"])}</th>'
            f'<td><span class="state {text(state)}">{text(state)}</span></td>'
            f"<td>{record.reached.get(str(stage['name']), DASH)}</td>"
            f"<td>{duration(_number(stage.get('seconds')))}</td>"
            f'<td class="path">{text(stage.get("checkpoint") or DASH)}</td></tr>'
        )
    total = [_number(stage.get("seconds")) for stage in record.stages]
    known = [seconds for seconds in total if seconds is not None]
    return (
        '<table class="stages"><caption>Stages</caption><thead><tr><th scope="col">Stage</th>'
        '<th scope="col">State</th><th scope="col">Steps</th><th scope="col">Time</th>'
        f'<th scope="col">Checkpoint</th></tr></thead><tbody>{body}</tbody>'
        '<tfoot><tr><th scope="row">Total</th><td></td><td></td>'
        f"<td>{duration(sum(known)) if known else DASH}"
        "</td><td></td></tr></tfoot></table>"
    )


def facts(record: RunRecord) -> str:
    """Return recipe, command, code version, package versions, seeds and hardware."""
    meta = record.meta
    git = meta.get("git") if isinstance(meta.get("git"), Mapping) else {}
    commit = str(git.get("commit") or DASH) if git else DASH
    if git and git.get("dirty"):
        commit += " with uncommitted changes"
    command = meta.get("command")
    rows = [
        ("Recipe", meta.get("recipe")),
        ("Run", meta.get("run")),
        ("Created", meta.get("created")),
        ("Commit", commit),
        ("Fingerprint", meta.get("fingerprint")),
        ("W&B run id", meta.get("wandb_id")),
        ("Folder", record.folder),
    ]
    line = " ".join(map(str, command)) if isinstance(command, list) else command
    parts = [
        f'<pre class="command" tabindex="0">{text(line or DASH)}</pre>',
        stages_table(record),
        '<div class="facts">',
        _pairs("Run", ((name, value) for name, value in rows if value not in (None, ""))),
    ]
    for title, key in (("Hardware", "hardware"), ("Versions", "versions"), ("Seeds", "seeds")):
        value = meta.get(key)
        if isinstance(value, Mapping) and value:
            parts.append(_pairs(title, value.items()))
    return "".join(parts) + "</div>"


def _pairs(title: str, rows: Iterable[tuple[Any, Any]]) -> str:
    body = "".join(f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>' for name, value in rows)
    return f'<table class="pairs"><caption>{text(title)}</caption><tbody>{body}</tbody></table>'


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
