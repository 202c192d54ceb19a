"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from chromium import Chromium
    from warm import Warm

ROOT = Path(__file__).resolve().parents[1]

# A shell starts what runs in the background with Ctrl-C ignored, and so would everything that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No assertion on time: a machine that is busy with other work draws and checks an example in seconds.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Importing torch and veRL makes millions of objects, through which every collection of garbage would go again.
gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # or libraries report at exit what they take for leaks


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """Starts processes that have torch, veRL, vLLM and Ray imported: one process of this session has."""
    from warm import Warm

    server = Warm(tmp_path_factory.mktemp("warm") / "server.log")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A running Chromium; skips where there is none."""
    from chromium import Chromium

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("no Chromium on this machine")
    browser = Chromium(program, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def open_page(chromium: Chromium) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page; the test fails if the page reported an error."""
    tabs = []

    def open_(url: str, **options: Any) -> Any:
        tabs.append(chromium.open(url, **options))
        return tabs[-1]

    yield open_
    for tab in tabs:
        errors = list(tab.errors)
        tab.close()
        assert not errors


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """Folder with small files in the form of public ones, one folder for each kind of fault."""
    folder = ROOT.parent / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/cases with small files is not there")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the real series that some tests read (ETTh1, ETTh2, Exchange, NASDAQ)."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/data with real CSV files is not there")
    return folder
