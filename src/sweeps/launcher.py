"""Hydra's side of sweeps: a launcher that runs each combination as a process of its own, and a grid sweeper.

Hydra's own launcher runs all combinations in one process, where a second Ray would meet the first one's remains, shows
errors at the end only, and knows nothing of an earlier attempt. Every sweeper of Hydra works with the launcher here.
"""

from __future__ import annotations

import itertools
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ValueType
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, read_write

from src.errors import UserError
from src.output import reader_may_leave
from src.processes.stopping import EXIT_CODE, Terminated
from src.record.sweep import Cell
from src.sweeps.executors import Executor
from src.sweeps.plan import command_of, compose_cell, open_sweep, plan_cell, split
from src.sweeps.running import run_cells

MANY = 10


def register_sweeps() -> None:
    """Make the launcher and the sweeper known to Hydra, in this process.

    Hydra takes them only by a dotted path in the package ``hydra_plugins``, so that is how the YAML names them.
    """
    for plugin in (CellLauncher, GridSweeper):
        Plugins.instance().class_name_to_class[f"hydra_plugins.cells.{plugin.__name__}"] = plugin


class CellFailed(UserError):
    """A cell ended with an error."""


class CellLauncher(Launcher):
    """Runs each combination of overrides as a process of its own, and keeps the sweep's record.

    Args:
        executor: where the processes run.
        command: the program that takes a cell's overrides; None: this Python's ``-m src.launch``.
    """

    def __init__(self, executor: Executor, command: Sequence[str] | None = None) -> None:
        self.executor = executor
        self.command = list(command) if command else [sys.executable, "-m", "src.launch"]

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.loader = hydra_context.config_loader
        self.config = config
        try:
            self.sweep = open_sweep(config)
        except UserError as error:
            _end(f"error: {error}", 2)
        with read_write(config.hydra):
            config.hydra.sweep.dir = str(self.sweep.folder)  # where a sweeper writes what it has found

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the combinations that are not done.

        Returns:
            One result per combination: the sweep's metric, or the error of a cell that failed.
        """
        try:
            with reader_may_leave():
                cells = self._launch(job_overrides)
        except UserError as error:
            _end(f"error: {error}", 2)
        except (KeyboardInterrupt, Terminated) as end:
            said = "the sweep was interrupted, and every process of it has ended; the same command continues it"
            _end(said, EXIT_CODE if isinstance(end, Terminated) else 130)
        return [_result(cell, list(overrides)) for cell, overrides in zip(cells, job_overrides, strict=True)]

    def _launch(self, job_overrides: Sequence[Sequence[str]]) -> list[Cell]:
        sweep, jobs = self.sweep, self.config.sweep.jobs
        fixed, _ = split(self.config)
        cells = [sweep.add(plan_cell(fixed, overrides, Path(self.config.run.folder))) for overrides in job_overrides]
        todo = [cell for cell in cells if not sweep.is_done(cell)]
        if len(todo) > MANY:
            print(f"checking {len(todo)} cells", flush=True)  # half a second each
        configs = [compose_cell(self.loader, self.config, cell) for cell in todo]
        self.executor.check(configs, jobs)
        if self.config.launch.dry_run:
            for cell in cells:
                print(f"{cell.name} ({cell.state}): {shlex.join(self._command(cell))}")
            sys.exit(0)
        with sweep.locked():
            sweep.save()
            known = f", {len(cells) - len(todo)} done before" if len(todo) < len(cells) else ""
            print(f"sweep: {sweep.folder}\n{len(cells)} cells{known}, {len(todo)} to run, {jobs} at once", flush=True)
            run_cells(sweep, todo, self.executor, self._command, jobs)
        return cells

    def _command(self, cell: Cell) -> list[str]:
        return command_of(self.command, self.sweep, cell)


class GridSweeper(Sweeper):
    """Every combination, in one batch, so that all are checked before the first one runs.

    Args:
        params: swept keys with their values, as on the command line, which goes before.
    """

    def __init__(self, params: Mapping[str, str] | None = None) -> None:
        self.params = dict(params or {})
        self.launcher: Launcher

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.loader = hydra_context.config_loader
        self.launcher = Plugins.instance().instantiate_launcher(hydra_context, task_function, config)

    def sweep(self, arguments: list[str]) -> Sequence[JobReturn]:
        parser = OverridesParser.create(config_loader=self.loader)
        given = parser.parse_overrides([*(f"{key}={value}" for key, value in self.params.items()), *arguments])
        values = {}
        for one in given:
            key = one.get_key_element()
            if not one.is_sweep_override():
                values[key] = [str(one.input_line)]
            elif one.is_discrete_sweep():
                options = [str(value) for value in one.sweep_string_iterator()]
                if one.value_type is ValueType.GLOB_CHOICE_SWEEP:  # of all files, and some are for others to start from
                    options = [option for option in options if not option.startswith("_")]
                values[key] = [f"{key}={option}" for option in options]
            else:
                _end(f"error: {one.input_line}: a grid takes values; interval() is for hydra/sweeper=search", 2)
        return self.launcher.launch(list(itertools.product(*values.values())), initial_job_idx=0)


def _result(cell: Cell, overrides: list[str]) -> JobReturn:
    result = JobReturn(overrides=overrides)
    if cell.state == "failed":
        result.status, result.return_value = JobStatus.FAILED, CellFailed(f"cell {cell.name}: {cell.error}")
    else:
        result.status, result.return_value = JobStatus.COMPLETED, cell.metric
    return result


def _end(words: str, code: int) -> NoReturn:
    print(words, file=sys.stderr)
    sys.exit(code)
