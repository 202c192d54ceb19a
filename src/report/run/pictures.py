"""The pictures that prompts showed: each lies once in the run's data, in the row that a sample names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from src.record.layout import Layout
from src.record.reading import listed_stages, read_meta
from src.record.samples import Sample
from src.tasks.images import data_uri
from src.tasks.stored import has_images, places, rows_at


@dataclass(frozen=True)
class Picture:
    """A picture of a row, as a data URI, and in words where it lies."""

    uri: str
    place: str


class Pictures:
    """The pictures of the rows of some samples, from ``<split>.parquet`` in the folder of their stage's data.

    Args:
        run: the run's folder.
        samples: rows of runs without pictures cost a look at the file's schema.
        notes: what could not be read is added.
    """

    def __init__(self, run: Path, samples: Iterable[Sample], notes: list[str]) -> None:
        self.run = run
        self.notes = notes
        self._own = {str(one["name"]): one.get("data") for one in listed_stages(read_meta(run))}
        self._found: dict[tuple[Path, str, int], list[Picture]] = {}
        by_file: dict[Path, set[tuple[str, int]]] = {}
        for one in samples:
            if isinstance(one.index, int) and one.split:
                by_file.setdefault(self._file(one), set()).add((one.dataset, one.index))
        for file, keys in by_file.items():
            self._read(file, keys)

    def of(self, sample: Sample) -> list[Picture]:
        """What the sample's prompt showed, in its order."""
        return self._found.get((self._file(sample), sample.dataset, sample.index), [])

    def _file(self, sample: Sample) -> Path:
        own = self._own.get(sample.stage)  # where it is not the run's
        folder = self.run / str(own["folder"]) if isinstance(own, dict) and "folder" in own else Layout(self.run).data
        return folder / f"{sample.split}.parquet"

    def _read(self, file: Path, keys: set[tuple[str, int]]) -> None:
        name = file.relative_to(self.run)
        try:
            if not file.is_file() or not has_images(file):
                return
            stored = places(file)
            wanted = sorted(stored[key] for key in keys if key in stored)
            for row in rows_at(file, wanted):
                self._found[file, row.source, row.index] = [
                    Picture(data_uri(image), f"{name}, row {row.index}") for image in row.images
                ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error).splitlines()[0]
            self.notes.append(f"{name} cannot be read ({reason}): the pictures of its rows are not shown.")
