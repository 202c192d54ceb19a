"""Assemble the page of a run.

The report and the live page are the same page; the live one has one more script, which asks its own server for what
was appended to the run's record (``src.report.live.server``).
"""

from itertools import groupby
from pathlib import Path
from typing import Any

from src.record.layout import Layout
from src.record.reading import RunRecord, load_run
from src.report.parts.charts import OTHER, Chart, build_charts, omissions
from src.report.parts.dashboard import Dashboard, load_dashboard
from src.report.parts.document import document, write_page
from src.report.parts.wording import DASH, duration, text
from src.report.run import sections
from src.report.run.comparison import compare, on_test_split
from src.report.run.evaluated import evaluation_of, section_of
from src.report.run.headline import findings
from src.report.run.samples import collect_samples
from src.report.run.store import pack
from src.report.run.tables import comparison_tables
from src.tasks.build import notes as said_of_data

SCRIPTS = ("format.js", "scales.js", "chart.js", "store.js", "curves.js", "sessions.js", "samples.js", "page.js")


def write_report(run_dir: Path) -> Path:
    """Write ``report.html`` into a run's folder, whole or not at all, and return its path.

    Raises UserError when the folder is not a run's or the file cannot be written.
    """
    record = load_run(Path(run_dir))
    target = Layout(record.folder).report_file
    return write_page(target, render(record, load_dashboard()))


def render(record: RunRecord, dashboard: Dashboard, live: dict[str, Any] | None = None) -> str:
    """Return the page of a run as HTML text.

    Args:
        live: for the live page, where its script goes on reading; see ``src.report.live.server.Follower``.
    """
    samples = collect_samples(record.folder, record.sample_files, record.notes)
    charts, parts = fragments(record, dashboard)
    averaged = {one["metric"] for c in charts if c.spec["kind"] == "stack" for one in c.spec["series"]}
    averaged |= {c.spec["total"] for c in charts if "total" in c.spec}
    store = pack(record, averaged)
    data = {"charts": [c.spec for c in charts], "store": store, "trainers": record.trainers, **samples}
    scripts, allowed = list(SCRIPTS), ["img-src data:"]
    if live is not None:
        data["live"] = live
        scripts.append("live.js")
        allowed.append("connect-src 'self'")
    title = " ".join(str(record.meta.get(key) or "") for key in ("recipe", "run")).strip() or record.folder.name
    body = f"""<header class="top">
<div><h1>{text(title)}</h1><p class="byline" id="byline">{parts["byline"]}</p></div>
<p id="live" role="status" hidden></p>
<nav aria-label="Sections" id="nav">{parts["nav"]}</nav>
<button id="scheme" type="button" title="Switch between light and dark">Dark</button>
</header>
<main>
<section id="summary">{parts["summary"]}</section>
<div id="notes">{parts["notes"]}</div>
<section id="comparison"><h2>Against the baselines</h2><div id="tables">{parts["tables"]}</div></section>
<section id="test"><h2>Test split</h2><div id="test-split">{parts["test-split"]}</div></section>
<div>{_tools(store["thinned"])}<div id="curves">{parts["curves"]}</div></div>
{_sample_section(samples)}
<section id="run"><h2>About the run</h2><div id="facts">{parts["facts"]}</div></section>
</main>"""
    return document(title, body, data, scripts=scripts, styles=("style.css",), allowed=allowed)


def fragments(record: RunRecord, dashboard: Dashboard) -> tuple[list[Chart], dict[str, str]]:
    """Return the charts, and the parts of the page that change while a run goes on: element id -> HTML."""
    omitted = omissions(dashboard, record.metrics)
    drawn = {stage: [name for name in metrics if name not in omitted] for stage, metrics in record.metrics.items()}
    charts, absent = build_charts(dashboard, drawn, record.trainers)
    evaluation = evaluation_of(record, record.notes)
    tables = (
        comparison_tables(compare(record))
        or '<p class="empty">This run has recorded no validation on held-out data.</p>'
    )
    return charts, {
        "byline": _byline(record),
        "nav": _navigation(charts),
        "summary": sections.headline(findings(record, on_test_split(evaluation))),
        "notes": sections.notes(said_of_data(Layout(record.folder).data), "data") + sections.notes(record.notes),
        "tables": tables,
        "test-split": section_of(record, evaluation),
        "curves": _chart_sections(charts, dashboard, absent, omitted),
        "facts": sections.facts(record),
    }


def _byline(record: RunRecord) -> str:
    parts = []
    for stage in record.stages:
        name, state = str(stage["name"]), str(stage.get("state", "unknown"))
        steps = f" {record.reached[name]} steps" if name in record.reached else ""
        parts.append(f'{text(name)}{steps} <span class="state {text(state)}">{text(state)}</span>')
    seconds = sum(s["seconds"] for s in record.stages if isinstance(s.get("seconds"), int | float))
    if seconds:
        parts.append(duration(seconds))
    if record.meta.get("created"):
        parts.append(text(record.meta["created"]))
    return " &middot; ".join(parts) or DASH


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _navigation(charts: list[Chart]) -> str:
    links = [("comparison", "Baselines"), ("test", "Test split")]
    links += [(_slug(name), name) for name in dict.fromkeys(chart.section for chart in charts)]
    links += [("samples", "Samples"), ("run", "Run")]
    return "".join(f'<a href="#{text(anchor)}">{text(name)}</a>' for anchor, name in links)


def _chart_sections(charts: list[Chart], dashboard: Dashboard, absent: list[str], omitted: dict[str, str]) -> str:
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
    for why in dict.fromkeys(omitted.values()):
        names = ", ".join(name for name, reason in omitted.items() if reason == why)
        parts.append(f'<p class="empty">Not drawn: {text(names)} ({text(why)}).</p>')
    return "".join(parts)


def _figure(number: int, chart: Chart) -> str:
    width = "panel wide" if chart.wide else "panel"
    names = " ".join(one["metric"] for one in chart.spec["series"])
    return (
        f'<figure class="{width}" data-chart="{number}" data-metrics="{text(names)}"><figcaption>'
        f'<h3 title="{text(names)}">{text(chart.title)}</h3><span class="last" title="last value"></span>'
        '<span class="tools"><button type="button" data-do="log" aria-pressed="false" title="Logarithmic axis">log'
        '</button><button type="button" data-do="grow" aria-pressed="false" title="Enlarge">+</button></span>'
        f'<p>{text(chart.help)}</p></figcaption><div class="plot" tabindex="0" role="img"></div>'
        '<div class="legend"></div></figure>'
    )


def _tools(thinned: int) -> str:
    """The controls of all curves; ``curves.js`` gives them their meaning."""
    hint = "Drag over a curve to zoom, double click to go back"
    if thinned:
        hint += f"; long curves are thinned to {thinned} points, their extremes kept"
    return (
        '<form id="tools" class="controls" role="search" aria-label="Curves">'
        '<label>Find <input type="search" id="find" placeholder="panel or metric" title="Press / to come here"></label>'
        '<label>Smoothing <input type="range" id="smooth" min="-1" max="8" step="1"><output></output></label>'
        '<label>Across <select id="across"><option value="step">steps</option><option value="time">time</option>'
        '</select></label><label>Vertical <select id="scale"><option value="auto">automatic</option>'
        '<option value="linear">linear</option><option value="log">logarithmic</option></select></label>'
        f'<span class="hint">{hint}</span></form>'
    )


def _sample_section(samples: dict[str, Any]) -> str:
    """The sample browser, which ``samples.js`` fills."""
    shown = len(samples["samples"])
    count = f"{shown} of {samples['found']} samples" if shown < samples["found"] else f"{shown} samples"
    if samples["steps"] < samples["files"]:
        count += f" from {samples['steps']} of {samples['files']} recorded steps"
    lead = f"Answers of the model: {count}. Arrow keys walk through the list."
    hidden = "" if shown else " hidden"
    return (
        f'<section id="samples"><h2>Samples</h2>'
        f'<p class="lead">{lead if shown else "The run has recorded no samples."}</p>'
        f'<div id="sample-browser"{hidden}><div class="controls" id="sample-controls"></div>'
        '<div class="browser"><ol id="sample-list" role="listbox" tabindex="0" aria-label="Samples"></ol>'
        '<article id="sample-detail" aria-live="polite"></article></div></div></section>'
    )
