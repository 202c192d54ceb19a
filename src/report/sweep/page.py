"""The report of a sweep: one HTML file in the look of a run's report, with table.csv and table.json beside it."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

from src.record.layout import REPORT_FILE
from src.report.parts.dashboard import load_dashboard
from src.report.parts.document import document, write_page
from src.report.parts.wording import text
from src.report.run.sections import notes as notes_section
from src.report.sweep import sections
from src.report.sweep.comparison import Pair, compare_all
from src.report.sweep.curves import CURVES, Curves, build_curves
from src.report.sweep.results import Results, read_results
from src.report.sweep.table import as_csv, as_json, print_pairs, print_table

SCRIPTS = ("format.js", "scales.js", "chart.js", "sweep.js")
STYLES = ("style.css", "sweep.css")


def write_sweep_report(folder: Path, metric: str | None = None) -> Path:
    """Write ``report.html``, ``table.csv`` and ``table.json`` into a sweep's folder, and print its table.

    Args:
        metric: what the settings are compared by; None: the sweep's own choice.

    Returns:
        The path of the report.

    Raises:
        UserError: the folder is not a sweep's, it has no runs yet, or a file cannot be written.
    """
    results = read_results(folder, metric)
    pairs = compare_all(results)
    write_page(folder / "table.csv", as_csv(results))
    write_page(folder / "table.json", json.dumps(as_json(results, pairs), indent=1) + "\n")
    report = write_page(folder / REPORT_FILE, render(results, pairs))
    print_table(results)
    if pairs:
        print_pairs(pairs[:1] if len(pairs) > 3 else pairs, results)
    for note in results.notes:
        print(f"note: {note}")
    return report


def render(results: Results, pairs: list[Pair]) -> str:
    """The page as HTML text."""
    curves = build_curves(load_dashboard(), results)
    sweep = results.sweep
    title = f"Sweep {sweep.name}"
    body = f"""<header class="top">
<div><h1>{text(title)}</h1><p class="byline">{len(results.settings)} settings, {len(sweep.cells)} cells
 &middot; {text(sweep.created)}</p></div>
<nav aria-label="Sections"><a href="#table">Table</a><a href="#comparison">Comparison</a>
{"".join(f'<a href="#{_slug(name)}">{text(name)}</a>' for name in dict.fromkeys(one.section for one in curves))}
<a href="#runs">Cells</a></nav>
<button id="scheme" type="button" title="Switch between light and dark">Dark</button>
</header>
<main>
<section id="summary">{sections.summary(results, pairs)}</section>
{notes_section(results.notes)}
<section id="table"><h2>Settings</h2>{sections.results_table(results)}</section>
<section id="comparison"><h2>Any two settings</h2>{sections.pairs_table(results, pairs)}</section>
{_curves(curves, results)}
<section id="runs"><h2>Cells</h2><pre class="command" tabindex="0">{text(sweep.command)}</pre>
<p class="lead">Run it again to run only what is missing or has failed.</p>{sections.cells_table(results)}</section>
</main>"""
    return document(title, body, {"charts": [one.spec for one in curves]}, scripts=SCRIPTS, styles=STYLES)


def _curves(curves: list[Curves], results: Results) -> str:
    if not curves:
        return '<section><h2>Learning curves</h2><p class="empty">No cell has recorded a step yet.</p></section>'
    names = list(dict.fromkeys(series["name"] for one in curves for series in one.spec["series"]))
    tones = {series["name"]: series["tone"] for one in curves for series in one.spec["series"]}
    boxes = "".join(
        f'<label><input type="checkbox" checked value="{text(name)}"><i class="swatch {tones[name]}"></i>'
        f"{text(name)}</label>"
        for name in names
    )
    lead = "Means over the seeds of a setting; the band goes from the lowest to the highest seed."
    if len(results.settings) > CURVES:
        lead += f" The {CURVES} best of {len(results.settings)} settings."
    parts = [f'<h2>Learning curves</h2><p class="lead">{lead}</p><div class="controls" id="settings">{boxes}</div>']
    numbered = enumerate(curves)
    for name, members in groupby(numbered, key=lambda pair: pair[1].section):
        figures = "".join(_figure(number, one) for number, one in members)
        parts.append(f'<section id="{_slug(name)}"><h3>{text(name)}</h3><div class="panels">{figures}</div></section>')
    return "".join(parts)


def _figure(number: int, curves: Curves) -> str:
    return (
        f'<figure class="{"panel wide" if curves.wide else "panel"}" data-chart="{number}"><figcaption>'
        f"<h3>{text(curves.title)}</h3><p>{text(curves.help)}</p></figcaption>"
        '<div class="plot" tabindex="0" role="img"></div><div class="legend"></div></figure>'
    )


def _slug(name: str) -> str:
    return "curves-" + "".join(letter if letter.isalnum() else "-" for letter in name.lower())
