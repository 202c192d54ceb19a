"""Readers of published questions over a folder, with the keys of their YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from data_pipelines.typed import read_typed
from recipes.artist.public.reader import Reader
from recipes.artist.question import Question
from recipes.artist.source import Source
from recipes.artist.views import ViewSettings
from src.config.group import compose_group
from src.config.named import load_class


def reader(dataset: str, folder: Path, *, log: list[str] | None = None, fetch: bool = False, **keys: Any) -> Reader:
    """The reader of a dataset of conf/dataset, all of whose questions are taken."""
    cfg: Any = OmegaConf.to_container(compose_group("dataset", dataset), resolve=True)
    kind: Any = load_class(cfg["reader"], Source, key="dataset.reader")
    own = {one.name for one in fields(kind.settings_type)}
    given = {key: value for key, value in cfg.items() if key in own}
    settings = read_typed({**given, "folder": str(folder), "max_rows": {}, **keys}, kind.settings_type)
    said: Any = (log if log is not None else []).append
    found: Reader = kind(cfg["name"], settings, view=ViewSettings(), fetch=fetch, log=said)
    return found


def wave(length: int = 24, seed: int = 0) -> list[float]:
    """A series, rounded as files have it."""
    return [round(float(value), 3) for value in np.random.default_rng(seed).normal(size=length)]


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def right(question: Question) -> str:
    """The text of the right option."""
    return question.options[question.truth]
