"""``run.from=RUN@STEP`` or ``RUN@best``: the first stage starts from the weights of another run's checkpoint."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, open_dict

from src.config.stage_node import BEST
from src.errors import UserError
from src.record import checkpoints as checkpoint
from src.record.checkpoints import Checkpoint
from src.record.layout import RUN_FILE, Layout, is_run
from src.record.reading import listed_stages, read_meta
from src.runs import read_run

_WHERE = re.compile(r"(?:(?P<stage>[A-Za-z_][A-Za-z0-9_-]*)(?:/(?P<of>\d+|best))?|(?P<step>\d+))")


@dataclass(frozen=True)
class Source:
    """A checkpoint of another run. ``model``: its Hugging Face folder. ``fingerprint``: of that folder."""

    request: str
    run: str
    stage: str
    step: int
    model: str
    fingerprint: str


def start_from(cfg: DictConfig, recorded: dict[str, Any] | None) -> dict[str, Any] | None:
    """Point ``model.path`` to the checkpoint that ``run.from`` names; returns what ``run.json`` says of it.

    Args:
        recorded: what it says already, when the run is continued: "the newest" must not become another one.

    Raises:
        UserError: there is no such run or checkpoint, or it is not complete.
    """
    request = cfg.run["from"]
    if request is None:
        return None
    if recorded is None and cfg.model.path is not None:
        raise UserError("run.from= and model.path= both say where training starts: give one of them")
    if recorded is None or recorded["request"] != request:
        recorded = asdict(find(str(request), Path(cfg.run.folder)))
    with open_dict(cfg):
        cfg.model.path = recorded["model"]
    return recorded


def find(request: str, folder: Path) -> Source:
    """The checkpoint that ``RUN``, ``RUN@STEP``, ``RUN@STAGE`` or ``RUN@STAGE/STEP`` names; a STEP may be ``best``.

    Args:
        folder: where runs are kept; RUN is a folder, or RECIPE/NAME in it.

    Raises:
        UserError: there is none, or several; or no saved step of those was validated.
    """
    name, where = _parts(request)
    match = _WHERE.fullmatch(where)
    run = find_run(name, folder, "run.from")
    stages = [str(stage["name"]) for stage in listed_stages(read_meta(run))]
    stage, step = (match["stage"], match["of"] or match["step"]) if match else (None, None)
    if stage == BEST and BEST not in stages:
        stage, step = None, BEST
    if stage is not None and stage not in stages:
        raise UserError(f"run.from={request}: the run has no stage {stage}, it has {', '.join(stages)}")
    if step == BEST:
        try:
            return _source(request, run, read_run(run).best_checkpoint(stage=stage))
        except UserError as error:
            raise UserError(f"run.from={request}: {error}") from None
    found = [
        (one, candidate)
        for one in stages
        if stage in (None, one)
        for candidate in checkpoint.complete(Layout(run).checkpoints(one))
        if step in (None, str(candidate.step))
    ]
    if not found:
        raise UserError(f"run.from={request}: there is no such complete checkpoint in {run}")
    if step is not None and len(found) > 1:
        choices = ", ".join(f"{name}@{one}/{step}" for one, _ in found)
        raise UserError(f"run.from={request}: several stages have that step; give one of {choices}")
    return _source(request, run, found[-1][1])


def in_full(request: str, folder: Path) -> str:
    """The same request with RUN as a whole path, for a command that keeps its runs elsewhere; else as it is."""
    name, where = _parts(request)
    try:
        run = find_run(name, folder, "run.from")
    except UserError:
        return request
    return f"{run}@{where}" if where else str(run)


def _parts(request: str) -> tuple[str, str]:
    """RUN, and what follows its last @; a folder's name may hold an @, too."""
    name, _, where = request.rpartition("@")
    return (name, where) if name and _WHERE.fullmatch(where) else (request, "")


def _source(request: str, run: Path, chosen: Checkpoint) -> Source:
    if chosen.model is None:
        raise UserError(f"run.from={request}: {chosen.folder} holds no Hugging Face model")
    return Source(request, str(run), chosen.stage, chosen.step, str(chosen.model), checkpoint.fingerprint(chosen.model))


def find_run(name: str, folder: Path, key: str) -> Path:
    """The folder of a run that is named by its path, or as RECIPE/NAME in ``folder``.

    Raises:
        UserError: there is none.
    """
    for candidate in (Path(name).expanduser(), folder / name):
        if is_run(candidate):
            return candidate.resolve()
    raise UserError(
        f"{key}={name}: there is no run in {Path(name)} or {folder / name}; give a folder with a {RUN_FILE}"
    )
