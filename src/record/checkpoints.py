"""Checkpoints that can be trusted: one counts when its manifest, which is written last, is there and its files agree.

veRL writes ``checkpoints/<stage>/global_step_<n>/`` file by file, and finds it again through a tracker file that says
nothing of what is in it. Here a checkpoint is sealed after veRL's save has returned and the step's line is in the
record: the manifest lists every file with its size, and with its hash where it is small. Folders without a manifest
were being written when the run ended; those whose files disagree are damaged. Both are renamed, never deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.record.files import set_aside, write_json
from src.record.layout import checkpoint_folder, checkpoint_folders

MANIFEST = "manifest.json"
HASHED_BYTES = 16 * 2**20  # larger files are compared by their size alone: hashing 90 GB would hold the training up
_EXPORTS = ("huggingface", "actor/huggingface")  # of veRL's SFT and RL trainers
_REMOVING = ".removing"


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint. ``last``: it was saved after the stage's last step."""

    folder: Path
    stage: str
    step: int
    last: bool

    @property
    def model(self) -> Path | None:
        """The Hugging Face export inside, when it is whole."""
        for inside in _EXPORTS:
            export = self.folder / inside
            if (export / "config.json").is_file() and any(export.glob("*.safetensors")):
                return export
        return None


def seal(folder: Path, step: int, last: bool) -> None:
    """Declare what lies in ``folder`` a complete checkpoint: everything is forced to disk, then the manifest written.

    Raises:
        OSError: the disk is full or gone; the checkpoint does not count then.
    """
    files = {}
    for path in _files(folder):
        with path.open("rb") as file:
            os.fsync(file.fileno())
        files[path.relative_to(folder).as_posix()] = _describe(path)
    record = {"step": step, "last": last, "time": time.time(), "files": files}
    write_json(folder / MANIFEST, record, sync=True)


def unseal(folder: Path) -> None:
    """Take the manifest away before a checkpoint is written into a folder that may have one."""
    (folder / MANIFEST).unlink(missing_ok=True)


def problem(folder: Path) -> str | None:
    """What is wrong with a checkpoint, in words; None when it is complete."""
    try:
        record = json.loads((folder / MANIFEST).read_text())
        step, files = int(record["step"]), dict(record["files"])
    except FileNotFoundError:
        return "it was not finished: there is no manifest"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"its manifest cannot be read ({error})"
    if folder != checkpoint_folder(folder.parent, step):
        return f"its manifest is of step {step}"
    for name, expected in files.items():
        path = folder / name
        try:
            found = _describe(path)
        except OSError:
            return f"{name} is missing"
        if found["bytes"] != expected["bytes"]:
            return f"{name} has {found['bytes']} bytes instead of {expected['bytes']}"
        if found.get("sha256") != expected.get("sha256"):
            return f"the content of {name} has changed"
    return None


def complete(stage: Path) -> list[Checkpoint]:
    """The complete checkpoints in a stage's folder, the newest last."""
    return [_sealed(folder, step) for step, folder in checkpoint_folders(stage) if problem(folder) is None]


def newest(stage: Path) -> Checkpoint | None:
    """The newest complete checkpoint; older ones are not looked at, which spares reading them."""
    for step, folder in reversed(checkpoint_folders(stage)):
        if problem(folder) is None:
            return _sealed(folder, step)
    return None


def set_aside_unusable(stage: Path) -> list[str]:
    """Rename the checkpoints that are not complete; returns a sentence about each.

    Damaged ones become ``global_step_<n>.damaged-<time>``, unfinished ones ``global_step_<n>.unfinished-<time>``.
    """
    for leftover in stage.glob(f"global_step_*{_REMOVING}"):
        shutil.rmtree(leftover)
    sentences = []
    for _step, folder in checkpoint_folders(stage):
        reason = problem(folder)
        if reason is None:
            continue
        kind = "damaged" if (folder / MANIFEST).exists() else "unfinished"
        aside = set_aside(folder, kind)
        sentences.append(f"checkpoint {folder.name} cannot be used, {reason}: renamed to {aside.name}")
    return sentences


def damaged(stage: Path) -> list[str]:
    """Names of the checkpoints that were complete once and are not any more."""
    return sorted(path.name for path in stage.glob("global_step_*.damaged-*"))


def sealed_steps(stage: Path) -> list[int]:
    """The steps of the checkpoints that were complete when they were saved, the newest last."""
    return [step for step, folder in checkpoint_folders(stage) if (folder / MANIFEST).exists()]


def rotate(stage: Path, keep: int | None, spare: int | None = None) -> None:
    """Remove all but the ``keep`` newest complete checkpoints; None keeps all.

    veRL's own rotation forgets what was saved before a resume, and leaves half a folder behind.

    Args:
        spare: the step of one more that stays, the best.
    """
    if keep is None:
        return
    for step in sealed_steps(stage)[: -max(keep, 1)]:
        if step == spare:
            continue
        folder = checkpoint_folder(stage, step)
        removing = folder.with_name(folder.name + _REMOVING)
        folder.rename(removing)
        shutil.rmtree(removing)


def fingerprint(folder: Path) -> str:
    """A hash over a folder's files: names, sizes, and the content of small ones."""
    files = {path.relative_to(folder).as_posix(): _describe(path) for path in _files(folder)}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _sealed(folder: Path, step: int) -> Checkpoint:
    last = bool(json.loads((folder / MANIFEST).read_text())["last"])
    return Checkpoint(folder, folder.parent.name, step, last)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            yield path


def _describe(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if size > HASHED_BYTES:
        return {"bytes": size}
    return {"bytes": size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
