"""Real series that ship inside a dependency, so that the demo downloads nothing."""

import ast
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_pipelines.clock import format_times
from data_pipelines.sources import SeriesTable
from src.errors import DataError

TAYLOR_ROWS = 4032
_MEGAWATTS_PER_GIGAWATT = 1000.0


def _longest_list(module: Path) -> NDArray[np.float64]:
    """Return the longest list of numbers written in a Python file, without running the file."""
    lists = [node for node in ast.walk(ast.parse(module.read_text("utf-8"))) if isinstance(node, ast.List)]
    return np.asarray(ast.literal_eval(max(lists, key=lambda node: len(node.elts))), dtype=np.float64)


def taylor() -> SeriesTable:
    """Half-hourly electricity demand of England and Wales, Monday 2000-06-05 to Sunday 2000-08-27, in GW.

    4032 values (J. W. Taylor, 2003). pmdarima keeps them as a list in the source of ``load_taylor``; importing
    that would load compiled modules built for one numpy, so the list is read from the source text.
    """
    package = importlib.util.find_spec("pmdarima")
    if package is None or not package.submodule_search_locations:
        raise DataError("the demo series ships inside the package pmdarima, which is missing: pip install pmdarima")
    module = Path(package.submodule_search_locations[0], "datasets", "taylor.py")
    try:
        megawatts = _longest_list(module)
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{module} does not hold the demo series ({error}): pip install pmdarima==2.1.1") from None
    if len(megawatts) != TAYLOR_ROWS:
        raise DataError(f"{module} holds {len(megawatts)} values, not {TAYLOR_ROWS}: pip install pmdarima==2.1.1")
    import pandas as pd

    times = pd.date_range("2000-06-05", periods=TAYLOR_ROWS, freq="30min")
    return SeriesTable({"demand": megawatts / _MEGAWATTS_PER_GIGAWATT}, format_times(times, "30min"), "30min")


_LOADERS: dict[str, Callable[[], SeriesTable]] = {"taylor": taylor}


def load(name: str) -> SeriesTable:
    """The packaged series ``name``.

    Raises:
        DataError: there is none of this name, or it is not what it was; the sentence lists the names there are.
    """
    if name not in _LOADERS:
        raise DataError(f"there is no packaged series '{name}': set dataset.packaged to one of {', '.join(_LOADERS)}")
    return _LOADERS[name]()
