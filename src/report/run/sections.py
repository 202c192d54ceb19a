"""The parts of the page that need no script and are no comparison: headline, notes, facts about the run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from src.record.reading import RunRecord
from src.report.parts.wording import DASH, duration, text
from src.report.run.headline import Finding, summary


def headline(found: list[Finding]) -> str:
    """Return the summary sentence and one card per finding."""
    cards = "".join(
        f'<article class="card {finding.tone}"><h3>{text(finding.question)}</h3>'
        f'<p class="answer">{text(finding.answer)}</p><p>{text(finding.detail)}</p></article>'
        for finding in found
    )
    return f'<p class="summary">{text(summary(found))}</p><div class="cards">{cards}</div>'


def notes(lines: Sequence[str], of: str = "record") -> str:
    """Return what the reader must know about an imperfect record, or of the data, or nothing."""
    if not lines:
        return ""
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f'<aside class="notes"><h2>Notes on the {of}</h2><ul>{items}</ul></aside>'


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
