"""A sweep's record, ``sweep.json``: its cells with their settings and states, written whole at every change."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from src.errors import UserError
from src.record.files import read_json, write_json
from src.record.layout import is_run

SEED = "seed"  # the key of the settings that makes no setting of its own: cells that differ in it alone are averaged
RECORD = "sweep.json"
# running: under way, or cut off with the sweep. cut off: the sweep was ended while the cell ran.
STATES = ("pending", "running", "cut off", "failed", "done")


@dataclass
class Cell:
    """One combination of settings: a run.

    Args:
        settings: what is swept, key -> value.
        arguments: of ``python -m src.launch``, without the run's place.
        run: its folder, from the sweep's.
        metric: the value that the sweep is about, when it is done.
        job: what the executor calls it, while it is running.
    """

    name: str
    settings: dict[str, str]
    arguments: list[str]
    run: str
    state: str = "pending"
    error: str | None = None
    metric: float | None = None
    started: float | None = None
    seconds: float | None = None
    attempts: int = 0
    job: str | None = None


@dataclass
class Sweep:
    """What a sweep's folder says; ``metric`` and ``direction`` are None where they follow from the runs."""

    folder: Path
    name: str
    command: str
    created: str
    metric: str | None = None
    direction: str | None = None
    cells: list[Cell] = field(default_factory=list)

    def run_folder(self, cell: Cell) -> Path:
        return self.folder / cell.run

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def log(self, cell: Cell) -> Path:
        return self.logs / f"{cell.name}.log"

    def is_done(self, cell: Cell) -> bool:
        """Whether a cell needs nothing more: it has ended well, and its run is still there."""
        return cell.state == "done" and is_run(self.run_folder(cell))

    def add(self, cell: Cell) -> Cell:
        """The cell of that name, new or known.

        Raises:
            UserError: it is known with other arguments, so that its result would be another's.
        """
        known = next((one for one in self.cells if one.name == cell.name), None)
        if known is None:
            self.cells.append(cell)
            return cell
        if sorted(known.arguments) != sorted(cell.arguments):
            old, new = set(known.arguments), set(cell.arguments)
            differs = [*(f"was {one}" for one in sorted(old - new)), *(f"is {one}" for one in sorted(new - old))]
            raise UserError(
                f"sweep {self.name} has a cell {cell.name} with other settings ({', '.join(differs)}): "
                "give another sweep.name="
            )
        return known

    def save(self) -> None:
        content = {key: value for key, value in asdict(self).items() if key != "folder"}
        write_json(self.folder / RECORD, content)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the sweep: no other launcher may work on it.

        Raises:
            UserError: another one does.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with _lock_file(self.folder).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UserError(f"the sweep {self.folder} is being run by another launcher: wait, or end it") from None
            yield


def short_keys(keys: Sequence[str]) -> list[str]:
    """Each key by its last part, where that tells it from the others; else as it is."""
    short = [key.rpartition(".")[2] for key in keys]
    return [key if short.count(last) > 1 else last for key, last in zip(keys, short, strict=True)]


def sets_reward(key: str) -> bool:
    """Whether a setting changes what is rewarded, of the run or of one stage: ``reward``, ``stage.rl.reward``."""
    return "reward" in key.lstrip("+~").partition("@")[0].split(".")


def is_sweep(folder: Path) -> bool:
    return (folder / RECORD).is_file()


def read_sweep(folder: Path) -> Sweep:
    """The sweep in ``folder``; cells that no launcher is working on any more are ``cut off``.

    Raises:
        UserError: the folder is not a sweep's, or its record cannot be read.
    """
    if not is_sweep(folder):
        raise UserError(f"{folder} is not a sweep: it has no {RECORD}; give a folder outputs/sweeps/<sweep>")
    content = read_json(folder / RECORD)
    known = {one.name for one in fields(Cell)}
    try:
        cells = [Cell(**{k: v for k, v in cell.items() if k in known}) for cell in content.pop("cells")]
        sweep = Sweep(folder, cells=cells, **content)
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder / RECORD} is not a sweep's record ({error}): restore it") from None
    if not _is_locked(folder):
        for cell in sweep.cells:
            cell.state = "cut off" if cell.state == "running" else cell.state
    return sweep


def _lock_file(folder: Path) -> Path:
    return folder / ".lock"


def _is_locked(folder: Path) -> bool:
    try:
        descriptor = os.open(_lock_file(folder), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)
