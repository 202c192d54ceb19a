"""The demo series: the real one, read without importing the package that carries it."""

import subprocess
import sys

import numpy as np
import pytest

from data_pipelines import packaged
from src.errors import DataError


def test_taylor_is_the_half_hourly_demand_in_gigawatts() -> None:
    table = packaged.load("taylor")
    demand = table.values["demand"]
    assert (table.freq, len(demand), len(table.labels)) == ("30min", 4032, 4032)
    assert (table.labels[0], table.labels[-1]) == ("2000-06-05 00:00:00", "2000-08-27 23:30:00")
    assert demand[:3].tolist() == [22.262, 21.756, 22.247]
    assert demand[-1] == 23.132
    nights, noons = demand.reshape(84, 48)[:, 8], demand.reshape(84, 48)[:, 24]
    assert np.all(nights < noons)  # so row 0 is about midnight
    weekdays = demand.reshape(12, 7, 48).mean(axis=(0, 2))
    assert weekdays[:5].min() > weekdays[5:].max() + 3  # so row 0 is a Monday


def test_reading_it_does_not_import_the_package() -> None:
    code = (
        "import sys; from data_pipelines import packaged; packaged.load('taylor'); "
        "print([name for name in ('pmdarima', 'torch', 'sklearn', 'recipes') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_series_and_a_missing_package_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"no packaged series 'tailor': set .* to one of taylor"):
        packaged.load("tailor")
    monkeypatch.setattr(packaged.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install pmdarima"):
        packaged.load("taylor")
