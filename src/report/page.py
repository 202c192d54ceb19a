"""Assemble the page: one HTML file with style, scripts and data inside, that asks nothing of a network."""

import base64
import hashlib
import json
import math
import os
from itertools import groupby
from pathlib import Path
from typing import Any

from src.errors import UserError
from src.report import sections
from src.report.charts import OTHER, Chart, build_charts
from src.report.comparison import compare
from src.report.dashboard import Dashboard, load_dashboard
from src.report.headline import findings
from src.report.loading import RunRecord, load_run
from src.report.samples import collect_samples
from src.report.wording import DASH, duration, formatted, text

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("format.js", "scales.js", "chart.js", "samples.js", "page.js")


def write_report(run_dir: Path) -> Path:
    """Write `report.html` into a run's folder, whole or not at all, and return its path.

    Raises UserError when the folder is not a run's or the file cannot be written.
    """
    record = load_run(Path(run_dir))
    target = record.folder / "report.html"
    part = target.with_name(f".report-{os.getpid()}.html")
    page = render(record, load_dashboard())
    try:
        part.write_text(page, encoding="utf-8", errors="replace")
        part.replace(target)
    except OSError as error:
        raise UserError(
            f"{target} cannot be written ({error.strerror}): free the disk or the folder."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return target


def render(record: RunRecord, dashboard: Dashboard) -> str:
    """Return the page of a run as HTML text."""
    notes = list(record.notes)
    charts, absent = build_charts(dashboard, record)
    samples = collect_samples(record.sample_files, notes)
    script = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS)
    style = (ASSETS / "style.css").read_text(encoding="utf-8")
    data = {"charts": [chart.spec for chart in charts], **samples}
    title = (
        " ".join(str(record.meta.get(key) or "") for key in ("recipe", "run")).strip() or record.folder.name
    )
    # The policy lets the page run its own script only and fetch nothing, whatever text a model wrote into it.
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_digest(script)}'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{text(title)}</title>
<style>{style}</style>
</head>
<body>
<header class="top">
<div><h1>{text(title)}</h1><p class="byline">{_byline(record)}</p></div>
<nav aria-label="Sections">{_navigation(charts, samples)}</nav>
<button id="scheme" type="button" title="Switch between light and dark">Dark</button>
</header>
<main>
<section id="summary">{sections.headline(findings(record))}</section>
{sections.notes(notes)}
<section id="comparison"><h2>Against the baselines</h2>
{sections.comparison_tables(compare(record))}</section>
{_chart_sections(charts, dashboard, absent)}
{_sample_section(samples)}
<section id="run"><h2>About the run</h2>{sections.facts(record)}</section>
</main>
<noscript><p class="notes">Curves and samples are drawn by a script, which is switched off.</p></noscript>
<div id="tip" role="status" hidden></div>
<svg id="namespace" width="0" height="0" aria-hidden="true"></svg>
<script type="application/json" id="data">{_json(data)}</script>
<script>{script}</script>
</body>
</html>
"""


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _json(data: Any) -> str:
    """Return JSON that is safe inside a script element: no `<`, and null for what is not finite."""
    return json.dumps(_plain(data), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _plain(value: Any) -> Any:
    """Round floats to six digits, which is more than a screen shows, and drop non-finite ones."""
    if isinstance(value, float):
        short = float(f"{value:.6g}") if math.isfinite(value) else None
        return int(short) if short is not None and short.is_integer() and abs(short) < 1e15 else short
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _byline(record: RunRecord) -> str:
    reached = {
        name: max(int(one.steps[-1]) for one in series.values())
        for name, series in record.metrics.items()
        if series
    }
    parts = []
    for stage in record.stages:
        name, state = str(stage["name"]), str(stage.get("state", "unknown"))
        steps = f" {reached[name]} steps" if name in reached else ""
        parts.append(f'{text(name)}{steps} <span class="state {text(state)}">{text(state)}</span>')
    seconds = sum(s["seconds"] for s in record.stages if isinstance(s.get("seconds"), int | float))
    if seconds:
        parts.append(duration(seconds))
    if record.meta.get("created"):
        parts.append(text(record.meta["created"]))
    return " &middot; ".join(parts) or DASH


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _navigation(charts: list[Chart], samples: dict[str, Any]) -> str:
    links = [("comparison", "Baselines")]
    links += [(_slug(name), name) for name in dict.fromkeys(chart.section for chart in charts)]
    links += [("samples", "Samples")] if samples["samples"] else []
    links.append(("run", "Run"))
    return "".join(f'<a href="#{text(anchor)}">{text(name)}</a>' for anchor, name in links)


def _chart_sections(charts: list[Chart], dashboard: Dashboard, absent: list[str]) -> str:
    helps = {section.name: section.help for section in dashboard.sections}
    parts = []
    numbered = enumerate(charts)
    for name, members in groupby(numbered, key=lambda pair: pair[1].section):
        figures = "".join(_figure(number, chart) for number, chart in members)
        grid = f'<div class="panels">{figures}</div>'
        if name == OTHER:
            grid = f"<details><summary>Everything else that was recorded</summary>{grid}</details>"
        lead = f'<h2>{text(name)}</h2><p class="lead">{text(helps.get(name, ""))}</p>'
        parts.append(f'<section id="{_slug(name)}">{lead}{grid}</section>')
    if absent and charts:
        parts.append(f'<p class="empty">Not recorded in this run: {text(", ".join(absent))}.</p>')
    return "".join(parts)


def _figure(number: int, chart: Chart) -> str:
    last = formatted(chart.last, chart.spec["y"]["format"])
    width = "panel wide" if chart.wide else "panel"
    return (
        f'<figure class="{width}" data-chart="{number}"><figcaption><h3>{text(chart.title)}</h3>'
        f'<span class="last" title="last value">{text(last)}</span><p>{text(chart.help)}</p></figcaption>'
        '<div class="plot" tabindex="0" role="img"></div><div class="legend"></div></figure>'
    )


def _sample_section(samples: dict[str, Any]) -> str:
    shown = len(samples["samples"])
    if not shown:
        empty = '<p class="empty">The run has recorded no samples.</p>'
        return f'<section id="samples"><h2>Samples</h2>{empty}</section>'
    found = samples["found"]
    count = f"{shown} of {found} samples" if shown < found else f"{shown} samples"
    if samples["steps"] < samples["files"]:
        count += f" from {samples['steps']} of {samples['files']} recorded steps"
    return (
        f'<section id="samples"><h2>Samples</h2><p class="lead">Answers of the model in training: {count}. '
        "Arrow keys walk through the list.</p>"
        '<div class="controls" id="sample-controls"></div>'
        '<div class="browser"><ol id="sample-list" tabindex="0" aria-label="Samples"></ol>'
        '<article id="sample-detail"></article></div></section>'
    )
