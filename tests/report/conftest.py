"""Fixtures of the report's tests: synthetic run folders, and what is in a page."""

import importlib.util
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _load(name: str) -> ModuleType:
    # by path, so that the tests need no package of their own
    spec = importlib.util.spec_from_file_location(
        f"report_tests_{name}", Path(__file__).parents[1] / "support" / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a synthetic run folder and returns it; see ``synthetic.write_run``."""
    write_run = _load("synthetic").write_run
    return lambda **options: write_run(tmp_path / "run", **options)


@dataclass
class Page(HTMLParser):
    """A page's tables, headings and data, for assertions."""

    html: str
    tables: list[list[list[str]]] = field(default_factory=list)
    panels: list[str] = field(default_factory=list)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._tag = ""
        self._in_panel = False
        self._in_cell = False
        self._tags: list[str] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self._tags.append(tag)
        if tag == "figure":
            self._in_panel = True
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._in_cell = True
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""
        if tag == "figure":
            self._in_panel = False
        elif tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._tag in ("script", "style"):
            return
        self.words += data
        if self._in_panel and self._tag == "h3":
            self.panels.append(data)
        if self._in_cell:
            self.tables[-1][-1][-1] += data

    @property
    def tags(self) -> list[str]:
        """Every element's name, in order."""
        return self._tags

    @property
    def data(self) -> dict[str, Any]:
        """The data that the page's script draws."""
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', self.html, re.DOTALL)
        assert found
        return json.loads(found[1])


@pytest.fixture
def read_page() -> Callable[[Path], Page]:
    """Return a function that reads a report for assertions."""
    return lambda path: Page(path.read_text(encoding="utf-8"))
