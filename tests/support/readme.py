"""The examples of README.md, as the files that a user would write."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def write_algorithms(folder: Path) -> None:
    """Write the algorithms of "Add an algorithm in ten lines", and their YAML in ``conf/algorithm/``."""
    section = (ROOT / "README.md").read_text().partition("## Add an algorithm in ten lines")[2].partition("\n## ")[0]
    modules, options = (re.findall(rf"```{kind}\n(.*?)```", section, re.S) for kind in ("python", "yaml"))
    (folder / "conf" / "algorithm").mkdir(parents=True)
    for name, module, option in zip(("median", "best"), modules, options, strict=True):
        (folder / f"{name}.py").write_text(module)
        (folder / "conf" / "algorithm" / f"{name}.yaml").write_text(option)
