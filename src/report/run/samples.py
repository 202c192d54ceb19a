"""Choose the sampled rollouts that a page shows: all of a short run, an even spread of a long one.

Steps are spread over the training, and within a step the samples over the ranks of the score, so that the
best, the worst and the ordinary ones are there. Prompts and series that samples share are stored once. A session of
several rows is one sample: its last row answers for it.
"""

import json
import math
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from src.record.layout import SampleFile
from src.record.metrics_log import as_float
from src.record.samples import Sample, read_samples
from src.report.parts.images import Images
from src.report.run.pictures import Pictures

STEPS = 40  # sample files read, the first and last included
PER_STEP = 24  # samples kept of one step and split
BUDGET = 4_000_000  # characters of all samples in the page, without images
TEXT = 12_000  # characters kept of a prompt or a response

Item = TypeVar("Item")
Session = list[Sample]  # its rows in their order
Ranked = tuple[int, Session]  # its place among the shown ones of its split, the best first


def collect_samples(folder: Path, files: list[SampleFile], notes: list[str]) -> dict[str, Any]:
    """Return ``{"samples": [...], "windows": [...], "found": int, "steps": int, "files": int}`` as JSON data.

    A sample names its window by position; a window holds what samples of one prompt share (see ``_window``).
    ``found`` counts the sessions of the ``steps`` files that were read, of all ``files``.
    """
    rows: list[Ranked] = []
    found = 0
    chosen = spread(files, STEPS)
    for file in chosen:
        read = read_samples(file, notes)
        rows.extend(ranked(read))
        found += len(sessions(read))
    images = Images(folder)
    limit = PER_STEP
    packed = pack_samples(rows, images)
    while limit > 1 and len(json.dumps(packed)) - images.size > BUDGET:
        limit //= 2
        stride = PER_STEP // limit
        images = Images(folder)
        packed = pack_samples([(rank, row) for rank, row in rows if rank % stride == 0], images)
    notes.extend(images.notes)
    return {**packed, "found": found, "steps": len(chosen), "files": len(files)}


def sessions(read: list[Sample]) -> list[Session]:
    """The samples by session: rows of one stand one after the other, and have roles; another row is one alone."""

    def session(numbered: tuple[int, Sample]) -> tuple[Any, ...]:
        place, row = numbered
        own = (row.split, row.dataset, str(row.index), row.session)
        return (own, None) if row.role and row.session is not None else (own, place)

    return [[row for _, row in rows] for _, rows in groupby(enumerate(read), key=session)]


def ranked(read: list[Sample]) -> list[Ranked]:
    """Return at most PER_STEP sessions of each split of one file, with their ranks."""
    rows: list[Ranked] = []
    found = sessions(read)
    for split in sorted({one[-1].split for one in found}):
        best_first = sorted((one for one in found if one[-1].split == split), key=_score, reverse=True)
        rows.extend(enumerate(spread(best_first, PER_STEP)))
    return rows


def spread(items: list[Item], limit: int) -> list[Item]:
    """Return at most ``limit`` items, evenly spaced, the first and last included."""
    if len(items) <= limit:
        return items
    if limit == 1:
        return items[:1]
    return [items[round(place * (len(items) - 1) / (limit - 1))] for place in range(limit)]


def _score(session: Session) -> float:
    return _finite(session[-1].score) or 0.0


def pack_samples(rows: list[Ranked], images: Images) -> dict[str, Any]:
    """Return ``{"samples": [...], "windows": [...]}``; see ``collect_samples``.

    The terms are those that add up to the score, so without ``valid``, which earns nothing, and without
    what has a slash in its name, which is counted (``counts``). ``rows`` are those of a session that has several, its
    last one among them.
    """
    places: dict[str, int] = {}
    windows: list[dict[str, Any]] = []
    samples = []
    pictures = Pictures(images.folder, [own[-1] for _, own in rows if not own[-1].images], images.unread)
    for _, own in rows:
        row = own[-1]
        window = _window(row, images, pictures)
        key = json.dumps(window)
        if key not in places:
            places[key] = len(windows)
            windows.append(window)
        forecast = _numbers(row.prediction)
        samples.append(
            {
                "stage": row.stage,
                "step": row.step,
                "window": places[key],
                "split": row.split,
                "score": _finite(row.score),
                "terms": _terms(row),
                "valid": row.valid,
                "kept": _kept(own),
                "counts": {name.split("/", 1)[1]: _finite(value) for name, value in row.terms.items() if "/" in name},
                "path": _path(row.path),
                "rows": [_row(one) for one in own] if len(own) > 1 else [],
                "response": clip(row.response),
                "forecast": forecast,
                "read": None if forecast or row.prediction is None else clip(row.prediction),
                "more": {str(name): clip(value) for name, value in _more(own).items() if value is not None},
            }
        )
    return {"samples": samples, "windows": windows}


def _terms(row: Sample) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in row.terms.items() if name != "valid" and "/" not in name}


def _row(row: Sample) -> dict[str, Any]:
    """One of several rows of a session."""
    return {
        "role": str(row.role or ""),
        "turn": row.turn,
        "score": _finite(row.score),
        "terms": _terms(row),
        "kept": _kept([row]),
        "weight": _finite(row.weight) if row.weight is not None else None,
        "prompt": clip(row.prompt),
        "response": clip(row.response),
    }


def _path(path: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A session's path as the page draws it; None where there is none, or one that cannot be drawn."""
    if path is None:
        return None
    try:
        places = [int(place) for place in path["places"]]
        values = _numbers(path["values"])
        if len(values) != len(places):
            return None
        return {
            "values": values,
            "places": places,
            "length": int(path["length"]),
            **{name: [[int(start), int(end)] for start, end in path[name]] for name in ("segments", "evidence")},
            "said": [
                {"role": str(one["role"]), "text": clip(one["text"]), "segment": one.get("segment")}
                for one in path["said"]
            ],
            "facts": {str(name): _finite(value) for name, value in path["facts"].items()},
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _kept(own: Session) -> bool | None:
    """Whether any of these rows was trained on; None where nothing is selected."""
    known = [one.kept for one in own if one.kept is not None and one.split != "val"]
    return any(known) if known else None


def _more(own: Session) -> dict[str, Any]:
    """What has no place of its own on the page, by name; what several rows have of their own stands with them."""
    row = own[-1]
    if len(own) > 1:
        return {"session": row.session, **row.more}
    weight = row.weight if row.kept and row.weight != 1.0 else None
    return {"session": row.session, "role": row.role, "turn": row.turn, "weight": weight, **row.more}


def _window(row: Sample, images: Images, pictures: Pictures) -> dict[str, Any]:
    """What the samples of one prompt share: texts, the series by name, the truth as numbers or as text, the images."""
    truth = _numbers(row.ground_truth)
    shown = [images.embed(image) for image in row.images]  # the sample's own come first
    shown = shown or [images.embed(one.uri, one.place) for one in pictures.of(row)]
    return {
        "prompt": clip(row.prompt),
        "dataset": row.dataset,
        "task": str(row.task or ""),
        "channel": str(row.channel or ""),
        "history": _curves(row.history),
        "truth": truth,
        "answer": None if truth or row.ground_truth is None else clip(row.ground_truth),
        "images": [one for one in shown if one],
    }


def clip(value: Any) -> str:
    """Return a text cut to TEXT characters; the cut is marked."""
    full = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return full if len(full) <= TEXT else f"{full[:TEXT]}\n[... {len(full) - TEXT:,} more characters]"


def _finite(value: Any) -> float | None:
    number = as_float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None


def _numbers(values: Any) -> list[float | None]:
    """Return a list of numbers, with None for what is not finite; empty for anything that is no such list."""
    if not isinstance(values, list) or not all(value is None or isinstance(value, int | float) for value in values):
        return []
    return [_finite(value) for value in values]


def _curves(history: Any) -> dict[str, list[float | None]]:
    """Return the series that a prompt shows, by name: of one list, of a list of lists, or of a mapping of lists."""
    if isinstance(history, Mapping):
        named = {str(name): _numbers(values) for name, values in history.items()}
    elif isinstance(history, list) and history and all(isinstance(one, list) for one in history):
        named = {f"series {place}": _numbers(values) for place, values in enumerate(history, start=1)}
    else:
        named = {"history": _numbers(history)}
    return {name: values for name, values in named.items() if values}
