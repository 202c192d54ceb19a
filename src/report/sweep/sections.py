"""The parts of a sweep's page: what was found, the table, the comparisons, the cells."""

from __future__ import annotations

import math
from collections.abc import Iterable

from src.record.layout import REPORT_FILE, Layout
from src.report.parts.wording import DASH, duration, number, text
from src.report.sweep.comparison import Pair, seeds_needed, verdict
from src.report.sweep.results import Results, Setting
from src.report.sweep.statistics import Paired
from src.report.sweep.table import heading, missing, over, value, written


def summary(results: Results, pairs: list[Pair]) -> str:
    """One sentence, and three cards: the best setting, whether it is certain, and how far the sweep has come."""
    best, what = results.best, heading(results.metric)
    if results.refusal:
        sentence = results.refusal
        cards = [_card("Which setting is best?", "They have no order", f"The {what} is in different units.", "open")]
    elif best is None:
        sentence = "No cell has a result yet."
        cards = [_card("Which setting is best?", "Not known yet", "No cell has ended with a result.", "open")]
    elif pairs and results.best_of(results.metric) is None:
        sentence = f"All settings end at the same {what}: {value(results.metric, best.mean(results.metric))}."
        cards = [_card("Which setting is best?", "None: all are the same", f"The {what} is equal.", "open")]
    else:
        mean = best.mean(results.metric)
        aim = "lowest" if results.lower else "highest"
        sentence = f"{best.label} has the {aim} {what}: {value(results.metric, mean)}."
        detail = f"{what}, mean of {mean.n} seed{'s' if mean.n != 1 else ''}"
        detail += "." if math.isnan(mean.half) else "; the 95 % interval is Student's."
        cards = [
            _card("Which setting is best?", f"{best.label}: {value(results.metric, mean)}", detail, "good"),
            _certainty(results, pairs),
        ]
    cards.append(_progress(results))
    return f'<p class="summary">{text(sentence)}</p><div class="cards">{"".join(cards)}</div>'


def _certainty(results: Results, pairs: list[Pair]) -> str:
    question = "Is that certain?"
    if not pairs:
        return _card(question, "Nothing to compare", "Only one setting has a result.", "open")
    first = pairs[0]  # of the two best
    words = verdict(first, results.lower)
    better = words.endswith("is better")
    answer = f"Yes, against {first.second}" if better else words[0].upper() + words[1:]
    detail = _seeds_sentence(first) + _questions_sentence(first)
    return _card(question, answer, detail, "good" if better else "open")


def _seeds_sentence(pair: Pair) -> str:
    if pair.seeds is None or pair.seeds.n < 2:
        return f"{pair.first} and {pair.second} share fewer than two seeds. "
    return (
        f"{pair.first} minus {pair.second} over {pair.seeds.n} common seeds: {_signed(pair.seeds)}, "
        f"{_equals(pair.p_seeds)}. "
    )


def _questions_sentence(pair: Pair) -> str:
    if pair.questions is None:
        return ""
    sure = f", {_equals(pair.p_questions)}" if pair.questions.items > 1 else ""
    return f"Over {over(pair.questions, 'held-out questions')}: {_signed(pair.questions)}{sure}."


def _progress(results: Results) -> str:
    cells = results.sweep.cells
    done = sum(cell.state == "done" for cell in cells)
    others = [f"{sum(cell.state == state for cell in cells)} {state}" for state in _states(results)]
    took = sum(cell.seconds or 0.0 for cell in cells)
    detail = (f"{', '.join(others)}. " if others else "") + f"{duration(took)} of work in all."
    tone = "good" if done == len(cells) else "bad" if "failed" in _states(results) else "open"
    return _card("Is it complete?", f"{done} of {len(cells)} cells are done", detail, tone)


def _states(results: Results) -> list[str]:
    states = ("failed", "cut off", "running", "pending")
    return [state for state in states if any(cell.state == state for cell in results.sweep.cells)]


def _card(question: str, answer: str, detail: str, tone: str) -> str:
    return (
        f'<article class="card {tone}"><h3>{text(question)}</h3>'
        f'<p class="answer">{text(answer)}</p><p>{text(detail)}</p></article>'
    )


def results_table(results: Results) -> str:
    """One row per setting, best first; in each column the best mean is marked."""
    best = {metric: results.best_of(metric) for metric in results.columns}
    lost = any(missing(one) for one in results.settings)
    head = "".join(f'<th scope="col" title="{text(metric)}">{text(heading(metric))}</th>' for metric in results.columns)
    body = "".join(_row(results, setting, best, lost) for setting in results.ranked)
    return (
        '<div class="scroll"><table class="results"><caption>Final values, mean &plusmn; 95 % t-interval over n seeds; '
        "the best mean of each column is marked</caption>"
        f'<thead><tr><th scope="col">Setting</th><th scope="col">n</th>{head}'
        f"{'<th></th>' if lost else ''}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(results: Results, setting: Setting, best: dict[str, Setting | None], lost: bool) -> str:
    cells = ""
    for metric in results.columns:
        mean = setting.mean(metric)
        mark = ' class="best"' if best[metric] is setting else ""
        half = f" <small>&plusmn; {written(metric, mean.half)}</small>" if math.isfinite(mean.half) else ""
        cells += f"<td{mark}>{written(metric, mean.value)}{half}</td>"
    first = ' class="first"' if results.best is setting else ""
    return (
        f'<tr{first}><th scope="row">{text(setting.label)}</th><td>{setting.mean(results.metric).n}</td>{cells}'
        f"{f'<td class=lost>{text(missing(setting))}</td>' if lost else ''}</tr>"
    )


def pairs_table(results: Results, pairs: list[Pair]) -> str:
    """Every two settings with both comparisons, each drawn as an interval around zero."""
    if results.refusal:
        return f'<p class="empty">{text(results.refusal)}</p>'
    if not pairs:
        return '<p class="empty">Two settings with a result are needed to compare.</p>'
    bounds = [
        abs(end)
        for pair in pairs
        for paired in (pair.seeds, pair.questions)
        if paired is not None
        for end in (paired.low, paired.high, paired.difference)
        if math.isfinite(end)
    ]
    reach = max(bounds, default=0.0) or 1.0
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    chooser = ""
    if len(names) > 2:
        options = '<option value="">any setting</option>' + "".join(f"<option>{text(name)}</option>" for name in names)
        select = f"<select>{options}</select>"
        chooser = f'<div class="controls" id="pair"><label>{select}</label> against <label>{select}</label></div>'
    body = "".join(_pair_row(pair, results, reach) for pair in pairs)
    return (
        f'<p class="lead">{_method(results)}</p>{chooser}'
        '<div class="scroll"><table class="results" id="pairs"><thead><tr>'
        f'<th scope="col">First</th><th scope="col">Second</th><th scope="col">First minus second, 95 % interval</th>'
        f'<th scope="col">p</th><th scope="col">n</th><th></th><th scope="col">By the seeds</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _method(results: Results) -> str:
    better = "below" if results.lower else "above"
    return (
        f"Paired differences in {text(heading(results.metric))}; {better} zero, the first is better. "
        '<b class="over-seeds">Over common seeds</b>: would another training come out the same way? '
        '<b class="over-questions">Over common held-out questions</b> (each the mean over common seeds): would these '
        "trained models differ on other questions? Windows that overlap in time are one independent block. Intervals "
        "are Student's, of questions over the independent ones; p over seeds is the sign-flip test, which needs "
        f"{seeds_needed()} common seeds to find anything at 5 %, and over questions Student's. It has "
        f"Holm's correction for {'all pairs' if len(results.settings) > 2 else 'the one pair'}."
    )


def _pair_row(pair: Pair, results: Results, reach: float) -> str:
    both = [
        (kind, paired, p)
        for kind, paired, p in (("seeds", pair.seeds, pair.p_seeds), ("questions", pair.questions, pair.p_questions))
        if paired is not None
    ]

    def column(values: Iterable[str]) -> str:
        parts = zip(both, values, strict=True)
        return "".join(f'<div class="over-{kind}">{value}</div>' for (kind, _, _), value in parts) or DASH

    return (
        f'<tr data-pair="{text(pair.first)}&#10;{text(pair.second)}"><th scope="row">{text(pair.first)}</th>'
        f'<th scope="row">{text(pair.second)}</th>'
        f"<td>{column(text(_signed(paired)) for _, paired, _ in both)}</td>"
        f"<td>{column(_p(p) for _, _, p in both)}</td>"
        f"<td>{column(_count(paired, kind) for kind, paired, _ in both)}</td>"
        f"<td>{_forest(pair, reach)}</td><td>{text(verdict(pair, results.lower))}</td></tr>"
    )


def _count(paired: Paired, kind: str) -> str:
    words = f"{paired.n} {kind if paired.n > 1 else kind[:-1]}"
    return words if paired.items == paired.n else f"{words}, {paired.items} independent"


def _forest(pair: Pair, reach: float) -> str:
    """Both intervals on one axis, with zero in the middle."""
    width, middle = 240, 120
    parts = [f'<line class="zero" x1="{middle}" x2="{middle}" y1="1" y2="25"/>']
    for kind, paired, y in (("seeds", pair.seeds, 8), ("questions", pair.questions, 18)):
        if paired is None or math.isnan(paired.difference):
            continue
        at = [middle + (middle - 6) * value / reach for value in (paired.low, paired.high, paired.difference)]
        line = "" if math.isnan(at[0]) else f'<line class="range" x1="{at[0]:.1f}" x2="{at[1]:.1f}" y1="{y}" y2="{y}"/>'
        parts.append(f'<g class="{kind}">{line}<circle class="mean" cx="{at[2]:.1f}" cy="{y}" r="3"/></g>')
    return f'<svg class="forest" viewBox="0 0 {width} 26" aria-hidden="true">{"".join(parts)}</svg>'


def cells_table(results: Results) -> str:
    """Every cell with its state, its value, and its error or the way to its own report."""
    body = ""
    for setting in results.settings:
        for one in setting.cells:
            cell = one.cell
            remark = ""
            if cell.error:
                remark = f'<span class="error">{text(cell.error)}</span>'
            elif one.run is not None and Layout(one.run.folder).report_file.is_file():
                remark = f'<a href="{text(cell.run)}/{REPORT_FILE}">report of the run</a>'
            state = "done" if cell.state == "done" else "failed" if cell.state == "failed" else ""
            body += (
                f'<tr><th scope="row">{text(cell.name)}</th>'
                f'<td><span class="state {state}">{text(cell.state)}</span></td>'
                f"<td>{written(results.metric, one.score(results.metric))}</td><td>{duration(cell.seconds)}</td>"
                f"<td>{cell.attempts}</td><td>{remark}</td></tr>"
            )
    return (
        '<div class="scroll"><table id="cells"><thead><tr><th scope="col">Cell</th><th scope="col">State</th>'
        f'<th scope="col">{text(heading(results.metric))}</th><th scope="col">Time</th><th scope="col">Attempts</th>'
        f"<th></th></tr></thead><tbody>{body}</tbody></table></div>"
    )


def _signed(paired: Paired) -> str:
    def sign(value: float) -> str:
        return ("+" if value >= 0 else "\N{MINUS SIGN}") + number(abs(value))

    if math.isnan(paired.low):
        return sign(paired.difference)
    return f"{sign(paired.difference)} [{sign(paired.low)}, {sign(paired.high)}]"


def _equals(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {_p(p)}"


def _p(value: float) -> str:
    return DASH if math.isnan(value) else "< 0.001" if value < 0.001 else f"{value:.2g}"
