"""The one row of ``samples/<stage>_<step>.jsonl``: a prompt, the model's response, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from src.record.files import write_whole
from src.record.layout import Layout, SampleFile
from src.record.lines import as_line, readable_lines


@dataclass(frozen=True)
class Sample:
    """One sampled response. Fields that a kind of question does not have, or an older run did not write, are None.

    Attributes:
        split: ``train`` or ``val``.
        index: of the prompt in its table.
        session: number of the rollout among those of its prompt; several rows may belong to one.
        role: who speaks, where a session has several roles. turn: its number in the session.
        images: of the prompt, each a path from the run's folder or a data URI.
        score: the reward. terms: its named parts.
        metrics: what the task's score makes means of, of a held-out answer.
        item: of a held-out answer, the independent item that its question belongs to among its dataset's.
        history: the series that the prompt shows: one list, or several by position or by name.
        prediction: what was read from the response; None when it is not valid.
        kept: whether it was trained on. weight: of its sequence in the loss.
        path: of a session's last row, how it went through the series, as ``src.tasks.path.Path`` has it.
        more: whatever else a row has.
    """

    stage: str
    step: int
    split: str = ""
    dataset: str = ""
    task: str | None = None
    channel: str | None = None
    index: Any = None
    session: int | None = None
    role: str | None = None
    turn: int | None = None
    prompt: Any = ""
    response: Any = ""
    images: list[str] = field(default_factory=list)
    score: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    item: int | None = None
    history: Any = None
    ground_truth: Any = None
    prediction: Any = None
    valid: bool = False
    kept: bool | None = None
    weight: float | None = None
    path: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_row(cls, row: Mapping[str, Any], stage: str, step: int) -> Sample:
        """The sample of one line.

        Args:
            stage, step: as the file's name says.
        """
        own = {**row, "stage": stage, "step": step}
        if "image" in own:  # as rows with a single one were written once
            own["images"] = [own.pop("image")]
        known = {name: own.pop(name) for name in _COLUMNS if name in own}
        for name in ("split", "dataset"):
            known[name] = str(known.get(name) or "")
        for name in ("terms", "metrics"):
            known[name] = known[name] if isinstance(known.get(name), dict) else {}
        known["images"] = [one for one in known.get("images") or [] if isinstance(one, str) and one]
        known["valid"] = bool(known.get("valid"))
        known["path"] = known["path"] if isinstance(known.get("path"), dict) else None
        known["kept"] = known["kept"] if isinstance(known.get("kept"), bool) else None
        return cls(**known, more=own)

    def row(self) -> dict[str, Any]:
        """The line that holds it."""
        columns = {name: getattr(self, name) for name in _COLUMNS} | dict(self.more)
        if self.path is None:  # as in most runs
            del columns["path"]
        return columns


_COLUMNS = tuple(one.name for one in fields(Sample) if one.name != "more")


def read_samples(file: SampleFile, notes: list[str]) -> list[Sample]:
    """All samples of a file; lines that cannot be read are named in ``notes``."""
    return [Sample.of_row(row, file.stage, file.step) for row in readable_lines(file.path, notes)]


def write_samples(run: Path, stage: str, step: int, split: str, samples: Iterable[Sample]) -> None:
    """Write the samples of one split of a step behind those of the other split; the file appears whole.

    A validation may have ended between its samples and its line of metrics: when it is repeated, so are they.

    Args:
        run: the run's folder.
    """
    path = Layout(run).sample_file(stage, step)
    earlier = readable_lines(path, []) if path.is_file() else ()
    lines = [row for row in earlier if row.get("split") != split] + [sample.row() for sample in samples]
    if lines or path.is_file():
        write_whole(path, b"".join(map(as_line, lines)))
