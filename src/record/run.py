"""A run that is carried out: its folder, and ``run.json``, which says what it is and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from src.errors import UserError
from src.record.files import read_json, set_aside, write_json
from src.record.layout import Layout

FORMAT = 2  # of run.json, which counts the changes of settings' names; run.json without a number is of format 1


class Run(Layout):
    """One run as its launcher sees it; ``src.record.reading`` is for those who only read.

    Args:
        folder: of the run, which need not be there.

    Raises:
        UserError: its ``run.json`` cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.resolve())
        self.record: dict[str, Any] = read_json(self.run_file) if self.run_file.is_file() else {}

    def start(self, record: dict[str, Any]) -> None:
        """Make the folder and write the first ``run.json``.

        Raises:
            UserError: the folder cannot be written.
        """
        try:
            for name in ("logs", "samples", "checkpoints", "config"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"cannot write the run's folder {self.folder}: {error.strerror}; choose run.folder="
            ) from None
        self.record = {"format": FORMAT, **record}
        self.save()

    def update(self, values: dict[str, Any]) -> None:
        """Change parts of the record and save it."""
        self.record |= values
        self.save()

    def save(self) -> None:
        write_json(self.run_file, self.record)

    def set_aside(self) -> Path:
        """Rename an existing run out of the way; nothing is deleted."""
        self.record = {}
        return set_aside(self.folder, "before")

    def stage(self, name: str) -> dict[str, Any]:
        """The record of one stage, to be changed and then saved."""
        for stage in self.record["stages"]:
            if stage["name"] == name:
                return stage
        raise KeyError(name)


def require_format(folder: Path, record: Mapping[str, Any], aim: str) -> None:
    """Refuse to take up the settings of a run that another version of this project has recorded.

    Args:
        folder: of the run.
        record: its ``run.json``.
        aim: what the settings are wanted for, such as ``go on with it``.

    Raises:
        UserError: they have other names here; the message says what can be done.
    """
    found = record.get("format", 1)
    if found == FORMAT:
        return
    commit = (record.get("git") or {}).get("commit")
    code = f"check out the commit {commit}" if commit else "take the version of the code that began it"
    age = "an earlier" if isinstance(found, int) and found < FORMAT else "a later"
    raise UserError(
        f"the run {folder} was recorded by {age} version of this project, whose settings have other names: to {aim}, "
        f"{code}; to train on from its weights, start a new run with run.from={folder}; or start over with another "
        "run.name= (run.fresh=true sets the old run aside)"
    )
