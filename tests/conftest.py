"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
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
