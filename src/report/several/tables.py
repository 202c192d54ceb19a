"""The tables over several runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean, stdev

from src.record.metric_names import is_bound, metric_words
from src.report.parts.wording import DASH, duration, number, percent, words
from src.report.run.comparison import stage_label
from src.report.run.held_out import ALL, HeldOut, pooled
from src.report.several.overview import OneRun
from src.report.several.table import Table
from src.report.several.tested import Tested, pooled_stages, pooled_variant
from src.tasks.scores import Difference

INTERVAL = (
    "In brackets below: the 95 % interval over independent held-out questions, whose number is that of the items."
)
SPREAD = (
    " The last row of a dataset has means over the runs, with their standard deviation over runs (sd); its interval is "
    "over the same questions, each the mean of the runs."
)


def all_tables(runs: Sequence[OneRun]) -> list[Table]:
    """The runs, held-out answers before and after, the test split by the leading metric, then by all metrics."""
    return [_runs(runs), _held_out(runs), _tested(runs), *_varied(runs), *_metrics(runs), *_remarks(runs)]


def _runs(runs: Sequence[OneRun]) -> Table:
    stages = list(dict.fromkeys(str(stage["name"]) for one in runs for stage in one.record.stages))
    rows = []
    for one in runs:
        states = {str(stage["name"]): str(stage.get("state")) for stage in one.record.stages}
        git = one.record.meta.get("git") or {}
        times = [
            duration(one.seconds.get(stage)) if states.get(stage) == "done" else states.get(stage, DASH)
            for stage in stages
        ]
        commit = str(git.get("commit") or DASH)[:9] + (" with changes" if git.get("dirty") else "")
        rows.append([one.name, str(one.seed), *times, duration(sum(one.seconds.values()) or None), commit])
    recipe = runs[0].record.meta.get("recipe")
    header = ["run", "seed", *map(stage_label, stages), "all stages", "commit"]
    said = list(dict.fromkeys(note for one in runs for note in one.notes))
    return Table(f"Runs of {recipe}", header, rows, [*said, INTERVAL + SPREAD if len(runs) > 1 else INTERVAL])


def _same_data(runs: Sequence[OneRun]) -> bool:
    """Whether the runs were built from the same data, so that a question of one is a question of all."""
    return len({str(one.record.meta.get("fingerprint")) for one in runs}) == 1


def _held_out(runs: Sequence[OneRun]) -> Table:
    title = "Held-out answers before and after the last stage"
    every = [row for one in runs for row in one.held_out]
    if not every:
        return Table(title, [], [], ["No run has recorded validations before and after a stage."])
    header = ["dataset", "run", "valid", "reward", "difference", "items", "metric", "best baseline"]
    rows: list[list[str]] = []
    datasets = list(dict.fromkeys(row.dataset for row in every))
    for dataset in datasets:
        some = [row for row in every if row.dataset == dataset]
        rows += [_held_out_row(row) for row in some]
        if len(some) > 1:
            changes = [row.gain.difference for row in some if row.gain is not None]
            pool = pooled([one.gains for one in runs if one.held_out], dataset) if _same_data(runs) else None
            rows.append([dataset, f"all {len(some)}", "", "", *_change(_mean(changes, signed=True), pool), "", ""])
    if len(datasets) > 1:
        rows += list(_all_datasets(runs))
    notes = []
    if not all(row.gain and row.gain.interval for row in every):
        notes.append("No interval: fewer than two independent items, or (of an older run) they were not recorded.")
    if not _same_data(runs):
        notes.append("The runs have different data: there is no interval over all of them.")
    return Table(title, header, rows, notes)


def _held_out_row(row: HeldOut) -> list[str]:
    baseline = DASH if row.baseline is None else f"{words(row.baseline)} {number(row.baseline_value)}"
    return [
        row.dataset,
        row.run,
        _arrow(row.valid, percent),
        _arrow(row.reward, number),
        *_change(_signed(row.gain), row.gain),
        f"{metric_words(row.lead)} {_arrow(row.value, number)}",
        baseline,
    ]


def _all_datasets(runs: Sequence[OneRun]) -> Iterator[list[str]]:
    """The reward over the questions of all datasets: of each run, and of all."""
    known = [one for one in runs if one.gains]
    for one in known:
        before, after = ([getattr(gain, name) for gain in one.gains.values()] for name in ("before", "after"))
        reward = _arrow((fmean(before), fmean(after)), number)
        gain = pooled([one.gains], ALL)
        yield [ALL, one.name, "", reward, *_change(_signed(gain), gain), "", ""]
    if len(known) > 1:
        changes = [fmean(gain.after - gain.before for gain in one.gains.values()) for one in known]
        pool = pooled([one.gains for one in known], ALL) if _same_data(runs) else None
        yield [ALL, f"all {len(known)}", "", "", *_change(_mean(changes, signed=True), pool), "", ""]


def _tested(runs: Sequence[OneRun]) -> Table:
    title = "Test split, after each stage"
    every = [row for one in runs for row in one.tested]
    if not every:
        return Table(title, [], [], ["No run was evaluated on the test split (evaluation.enable)."])
    stages = list(dict.fromkeys(stage for row in every for stage in row.values))
    header = ["dataset", "run", "metric", *(f"after {stage_label(stage)}" for stage in stages)]
    header += ["last stage's change", "best baseline", "less baseline", "outcome", "failed", "questions", "items"]
    rows = []
    for dataset in dict.fromkeys(row.dataset for row in every):
        some = [row for row in every if row.dataset == dataset]
        rows += [_tested_row(row, stages) for row in some]
        if len(some) > 1:
            rows.append(_over_runs(some, stages, runs))
    return Table(title, header, rows)


def _tested_row(row: Tested, stages: Sequence[str]) -> list[str]:
    values = [number(row.values[stage].get(row.lead)) if stage in row.values else DASH for stage in stages]
    if row.interval:
        values[-1] += f" [{number(row.interval[0])}, {number(row.interval[1])}]"
    theirs = None if row.baseline is None else row.baselines[row.baseline][row.lead]
    return [
        row.dataset,
        row.run,
        metric_words(row.lead),
        *values,
        _signed(row.to_stage) + _interval(row.to_stage),
        DASH if row.baseline is None else f"{words(row.baseline)} {number(theirs)}",
        _signed(row.to_baseline) + _interval(row.to_baseline),
        row.outcome or DASH,
        percent(row.failed),
        str(row.questions),
        DASH if row.items is None else str(row.items),
    ]


def _over_runs(some: Sequence[Tested], stages: Sequence[str], runs: Sequence[OneRun]) -> list[str]:
    """The means over the runs; an outcome only where all have the same."""
    lead = some[0].lead
    values = [_mean([row.values[stage][lead] for row in some if lead in row.values.get(stage, {})]) for stage in stages]
    to_stage, to_baseline = (
        [d.difference for d in found if d] for found in zip(*[(r.to_stage, r.to_baseline) for r in some], strict=True)
    )
    pool = pooled_stages([one.evaluation for one in runs if one.tested], some[0].dataset) if _same_data(runs) else None
    outcomes = dict.fromkeys(row.outcome or DASH for row in some)
    return [
        some[0].dataset,
        f"all {len(some)}",
        metric_words(lead),
        *values,
        _mean(to_stage, signed=True) + _interval(pool),
        "",
        _mean(to_baseline, signed=True),
        ", ".join(outcomes),
        percent(fmean(row.failed for row in some)),
        "",
        "" if pool is None else str(pool.items),
    ]


def _varied(runs: Sequence[OneRun]) -> Iterator[Table]:
    """The last stage's model on the questions, and where they are asked in other ways; none where no run asks so."""
    every = [row for one in runs for row in one.tested if row.variants]
    names = list(dict.fromkeys(name for row in every for name in row.variants))
    rows = []
    for dataset in dict.fromkeys(row.dataset for row in every):
        some = [row for row in every if row.dataset == dataset]
        rows += [_varied_row(row, names) for row in some]
        if len(some) > 1:
            rows.append(_varied_over_runs(some, names, [one for one in runs if one.tested]))
    if rows:
        columns = [column for name in names for column in (words(name), f"less {words(name)}")]
        yield Table("Test split, what is shown", ["dataset", "run", "metric", "as asked", *columns], rows)


def _varied_row(row: Tested, names: Sequence[str]) -> list[str]:
    own = list(row.values.values())[-1]
    cells = [row.dataset, row.run, metric_words(row.lead), number(own.get(row.lead))]
    for name in names:
        found = row.to_variants.get(name)
        cells += [number(row.variants.get(name, {}).get(row.lead)), _signed(found) + _interval(found)]
    return cells


def _varied_over_runs(some: Sequence[Tested], names: Sequence[str], runs: Sequence[OneRun]) -> list[str]:
    """The means over the runs."""
    lead, dataset = some[0].lead, some[0].dataset
    own = [list(row.values.values())[-1] for row in some]
    cells = [dataset, f"all {len(some)}", metric_words(lead), _mean([one[lead] for one in own if lead in one])]
    for name in names:
        less = [row.to_variants[name].difference for row in some if name in row.to_variants]
        pool = pooled_variant([one.evaluation for one in runs], dataset, name) if _same_data(runs) else None
        cells.append(_mean([row.variants[name][lead] for row in some if lead in row.variants.get(name, {})]))
        cells.append(_mean(less, signed=True) + _interval(pool))
    return cells


def _metrics(runs: Sequence[OneRun]) -> Iterator[Table]:
    """Each group by all metrics: the models as means over the runs, and the baselines."""
    every = [row for one in runs for row in one.tested]
    for dataset in dict.fromkeys(row.dataset for row in every):
        some = [row for row in every if row.dataset == dataset]
        models: dict[str, list[dict[str, float]]] = {}
        beside: dict[str, list[dict[str, float]]] = {}
        for row in some:
            for stage, values in row.values.items():
                models.setdefault(f"after {stage_label(stage)}", []).append(dict(values))
            for name, values in row.variants.items():
                beside.setdefault(f"after {stage_label(list(row.values)[-1])}, {words(name)}", []).append(dict(values))
            for name, values in row.baselines.items():
                beside.setdefault(words(name) + (" (bound)" if is_bound(name) else ""), []).append(dict(values))
        names = [some[0].lead, *(name for rows in [*beside.values(), *models.values()] for one in rows for name in one)]
        metrics = [name for name in dict.fromkeys(names) if name != "fail_frac"]
        rows = [
            [label, *(_mean([one[metric] for one in values if metric in one]) for metric in metrics)]
            for label, values in [*models.items(), *beside.items()]
        ]
        differ = len({_asked(one, dataset) for one in runs if one.tested}) > 1
        notes = ["The runs were asked different questions: baselines are means over runs, too."] if differ else []
        yield Table(f"Test split, {dataset}: all metrics", ["answers", *map(metric_words, metrics)], rows, notes)


def _asked(run: OneRun, dataset: str) -> tuple[str, ...]:
    """Which questions of which data a run was asked; of an older run the data alone are known."""
    group = list(run.evaluation.values())[-1]["groups"].get(dataset) or {}
    return str(run.record.meta.get("fingerprint")), *((group.get("by_question") or {}).get("ids") or ())


def _remarks(runs: Sequence[OneRun]) -> Iterator[Table]:
    notes = [f"{one.name}, {when}: {words}" for one in runs for when, words in one.remarks.items()]
    if notes:
        yield Table("Held-out answers, in words of the task", [], [], notes)


def _arrow(pair: tuple[float | None, float | None], form: Callable[[float | None], str]) -> str:
    return f"{form(pair[0])} \N{RIGHTWARDS ARROW} {form(pair[1])}"


def _mean(values: Sequence[float], *, signed: bool = False) -> str:
    """The mean over runs, with its standard deviation where they differ."""
    if not values:
        return DASH
    mean = fmean(values)
    spread = stdev(values) if len(values) > 1 else 0.0
    text = _plus(mean) if signed else number(mean)
    return text if spread < 1e-12 * max(1.0, abs(mean)) else f"{text} (sd {number(spread)})"


def _change(text: str, found: Difference | None) -> list[str]:
    """A difference with its interval, and the number of independent items."""
    return [text + _interval(found), DASH if found is None or found.interval is None else str(found.items)]


def _signed(found: Difference | None) -> str:
    return DASH if found is None else _plus(found.difference)


def _interval(found: Difference | None) -> str:
    if found is None or found.interval is None:
        return ""
    low, high = found.interval
    return f" [{_plus(low)}, {_plus(high)}]"


def _plus(value: float) -> str:
    return ("-" if value < 0 else "+") + number(abs(value))
