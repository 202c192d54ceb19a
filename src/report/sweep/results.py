"""What a sweep has found: its runs grouped by setting, and the final scores of each."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from src.errors import UserError
from src.record.metric_names import is_reward, lower_is_better
from src.record.sweep import SEED, Cell, Sweep, read_sweep, short_keys
from src.report.sweep.choice import choose, rewards_vary
from src.report.sweep.statistics import Mean, mean_interval
from src.runs import RecordedRun, read_run

FIRST = ("reward", "accuracy", "acc_all", "acc", "mse", "mae_all", "mae", "fail_frac")  # the order of the columns


@dataclass
class CellRun:
    """A cell, and what its run has recorded; None where it has recorded nothing that can be read."""

    cell: Cell
    run: RecordedRun | None

    @property
    def seed(self) -> str:
        return self.cell.settings.get(SEED, "")

    def score(self, metric: str) -> float:
        """The final value of a metric; NaN when the cell is not done."""
        return self.run.score(metric) if self.run is not None and self.cell.state == "done" else math.nan


@dataclass
class Setting:
    """The cells that differ in nothing but the seed."""

    label: str
    settings: dict[str, str]
    cells: list[CellRun] = field(default_factory=list)

    def mean(self, metric: str) -> Mean:
        return mean_interval([one.score(metric) for one in self.cells])

    def by_seed(self, metric: str) -> dict[str, float]:
        """Seed -> final value, of the cells that have one."""
        values = {one.seed: one.score(metric) for one in self.cells}
        return {seed: value for seed, value in values.items() if math.isfinite(value)}

    def count(self, state: str) -> int:
        return sum(one.cell.state == state for one in self.cells)


@dataclass
class Results:
    """A sweep, read for its report.

    Args:
        metric: what the settings are compared by.
        refusal: why they have no order by it; None where they have one.
        columns: metrics of the table, that one first.
        rewards_vary: whether rewards are in different units.
        notes: what the reader must know about an imperfect record.
    """

    sweep: Sweep
    metric: str
    lower: bool
    columns: list[str]
    settings: list[Setting]
    notes: list[str]
    refusal: str | None = None
    rewards_vary: bool = False

    @property
    def ranked(self) -> list[Setting]:
        """The settings from the best to the worst; those without a result last, in the order of the sweep.

        Where they have no order they stand in that of the sweep.
        """
        if self.refusal:
            return list(self.settings)

        def rank(setting: Setting) -> float:
            value = setting.mean(self.metric).value
            return math.inf if math.isnan(value) else value if self.lower else -value

        return sorted(self.settings, key=rank)

    @property
    def best(self) -> Setting | None:
        first = self.ranked[0]
        return None if self.refusal or math.isnan(first.mean(self.metric).value) else first

    def best_of(self, metric: str) -> Setting | None:
        """The setting with the best mean of a metric; None where all are the same, or in different units."""
        if (metric == self.metric and self.refusal) or (self.rewards_vary and is_reward(metric)):
            return None
        means = {one.label: value for one in self.settings if math.isfinite(value := one.mean(metric).value)}
        if len(set(means.values())) < 2:
            return None
        lower = self.lower if metric == self.metric else lower_is_better(metric)
        label = (min if lower else max)(means, key=means.__getitem__)
        return next(one for one in self.settings if one.label == label)


def read_results(folder: Path, metric: str | None = None) -> Results:
    """Read a sweep and its runs.

    Args:
        metric: what to compare by; None: the sweep's own choice, else see ``choice.choose``.

    Raises:
        UserError: the folder is not a sweep's, or none of its runs has begun.
    """
    sweep = read_sweep(folder)
    cells = [_read(sweep, cell) for cell in sweep.cells]
    if not any(one.cell.attempts for one in cells):
        raise UserError(f"the sweep {folder} has no runs yet: start it with {sweep.command}")
    settings: dict[str, Setting] = {}
    for one in cells:
        own = {key: value for key, value in one.cell.settings.items() if key != SEED}
        named = zip(short_keys(list(own)), own.values(), strict=True)
        label = ", ".join(f"{key}={value}" for key, value in named) or "all"
        settings.setdefault(label, Setting(label, own)).cells.append(one)
    done = [one for one in cells if one.cell.state == "done" and one.run is not None]
    ended = [(one.cell, one.run) for one in done if one.run is not None]
    choice = choose(ended, metric or sweep.metric)
    chosen = choice.metric
    if metric and done and not any(_has(one, metric) for one in done):
        names = ", ".join(_columns(done, chosen)[1:])
        raise UserError(f"no run of {folder} has recorded {metric}; held-out metrics are {names}")
    lower = sweep.direction == "minimize" if sweep.direction and not metric else lower_is_better(chosen)
    columns = _columns(done, chosen)
    notes = [*(one for one in (choice.refusal, choice.note) if one), *_notes(cells, done)]
    return Results(sweep, chosen, lower, columns, list(settings.values()), notes, choice.refusal, rewards_vary(ended))


def _read(sweep: Sweep, cell: Cell) -> CellRun:
    try:
        return CellRun(cell, read_run(sweep.run_folder(cell)))
    except UserError:
        return CellRun(cell, None)


def _has(one: CellRun, metric: str) -> bool:
    return math.isfinite(one.score(metric))


def _columns(done: list[CellRun], chosen: str) -> list[str]:
    """The metrics of the table, the chosen one first.

    A metric that one run has of several datasets, such as the groups of a test set, is a column for each of them; else
    it is one column, whatever dataset each run has.
    """
    runs = [one.run.scores for one in done if one.run is not None]
    several = {name for scores in runs for name, count in Counter(map(_any_dataset, scores)).items() if count > 1}
    names = {name if (shared := _any_dataset(name)) in several else shared for scores in runs for name in scores}

    def rank(name: str) -> tuple[int, int, str, str]:
        kind, _, last = name.split("/", 2)
        return (("val", "test").index(kind), FIRST.index(last) if last in FIRST else len(FIRST), last, name)

    return [chosen, *sorted((name for name in names if name != chosen), key=rank)]


def _any_dataset(name: str) -> str:
    kind, _, last = name.split("/", 2)
    return f"{kind}/*/{last}"


def _notes(cells: list[CellRun], done: list[CellRun]) -> list[str]:
    notes = []
    for one in cells:
        if one.cell.state == "done" and one.run is None:
            notes.append(f"{one.cell.name}: the folder of its run is gone or cannot be read.")
        elif one.cell.state == "done" and one.run is not None:
            notes.extend(f"{one.cell.name}: {note}" for note in one.run.notes)
    commits = {str((one.run.record.get("git") or {}).get("commit"))[:10] for one in done if one.run is not None}
    if len(commits) > 1:
        notes.append(f"The runs come from different versions of the code: {', '.join(sorted(commits))}.")
    return notes
