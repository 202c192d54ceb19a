"""The files that a page of docs/ holds: fenced blocks, each behind a line that names it."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FILE = re.compile(r"^`([\w./-]+)`\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(page: str) -> dict[str, str]:
    """Path -> content."""
    return {name: content for name, _, content in _FILE.findall((ROOT / "docs" / page).read_text())}


def tree_with(page: str, folder: Path) -> Path:
    """A copy of the project in ``folder``, with the page's files in it."""
    for name in ("src", "conf", "recipes", "data_pipelines"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, content in files_of(page).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder
