"""How the tree hangs together: which package imports which, how long a file is, and that veRL is not copied."""

import ast
import hashlib
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("src", "recipes", "data_pipelines")
LONGEST = 300
# What src is made of, from the ground up: each imports only from those before it. README.md's map has the same order.
ORDER = (
    "errors", "output", "chat", "processes", "record", "config", "runs", "tasks", "rewards", "algorithms", "evaluation",
    "training", "report", "trackers", "cluster", "cpu", "models", "launcher", "sweeps",
    "patches", "plugin", "launch", "evaluate", "jobs",
)  # fmt: skip
FORBIDDEN = {
    "src": ("recipes", "data_pipelines", "tests"),
    "data_pipelines": ("recipes", "tests"),
    "recipes": ("tests",),
}
# Composing, checking and following a run take no second: what they import must not. tests/config looks at run time.
LIGHT = ("config", "launcher", "rewards", "record", "processes", "runs", "trackers")
HEAVY = ("torch", "verl", "vllm", "ray", "transformers", "tensordict")


def _sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def _imported(file: Path) -> Iterator[str]:
    """Dotted names of all that a file imports, inside its functions too; relative ones resolved."""
    parent = ".".join(file.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parent.split(".")[: len(parent.split(".")) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _imports(package: str) -> Iterator[tuple[Path, list[str]]]:
    """Each file of a package with the parts of each name that it imports."""
    files = _sources(package)
    assert files
    for file in files:
        for name in _imported(file):
            yield file, name.split(".")


def _offences(package: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)} imports {'.'.join(name)}" for file, name in _imports(package) if name[0] in forbidden
    ]


@pytest.mark.parametrize(("package", "forbidden"), FORBIDDEN.items())
def test_imports_run_one_way(package: str, forbidden: tuple[str, ...]) -> None:
    assert _offences(package, forbidden) == []


def test_a_room_of_src_imports_only_from_rooms_below_it() -> None:
    upwards = set()
    for file, name in _imports("src"):
        room = file.relative_to(ROOT / "src").with_suffix("").parts[0]
        if name[0] == "src" and len(name) > 1 and ORDER.index(name[1]) > ORDER.index(room):
            upwards.add(f"{file.relative_to(ROOT)} imports {'.'.join(name)}")
    assert upwards == set()


def test_the_readmes_map_shows_the_same_order() -> None:
    places = {file.relative_to(ROOT / "src").with_suffix("").parts[0] for file in _sources("src")} - {"__init__"}
    assert places == set(ORDER)
    map_of_src = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("\n    src/ ")[2].partition("\n    recipes/")[0]
    )
    shown = [name for line in map_of_src.splitlines()[1:] for name in re.findall(r"(\w+)(?:/|\.py)", line[:24])]
    assert shown == list(ORDER)


def test_no_recipe_imports_another() -> None:
    offences = []
    for file in _sources("recipes"):
        own = file.relative_to(ROOT).parts[1]
        for name in _imported(file):
            parts = name.split(".")
            if parts[0] == "recipes" and parts[1:2] != [own]:
                offences.append(f"{file.relative_to(ROOT)} imports {name}")
    assert offences == []


def test_imports_are_found_wherever_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    file = tmp_path / "recipes" / "one" / "task.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "import a.b as c\ndef f():\n    from recipes.two import x\n    from . import y\n    from ..two import z\n"
    )
    assert list(_imported(file)) == ["a.b", "recipes.two.x", "recipes.one.y", "recipes.two.z"]


@pytest.mark.parametrize("room", LIGHT)
def test_these_never_import_torch_or_verl(room: str) -> None:
    assert _offences(f"src/{room}", HEAVY) == []


def _ours() -> list[Path]:
    """Every text file of the project: what git tracks, or would track."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: the project's files cannot be told from others")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_is_long() -> None:
    kinds = {".py", ".yaml", ".sh", ".js", ".css", ".toml"}
    files = [file for file in _ours() if file.suffix in kinds]
    assert len(files) > 50
    lengths = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8").count("\n") for file in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def _verl() -> Path:
    spec = importlib.util.find_spec("verl")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def _fingerprint(file: Path) -> str | None:
    """Of a file's code without comments, blank lines and indentation; None for one too short to be a copy."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    return hashlib.sha256("\n".join(code).encode()).hexdigest() if len(code) >= 5 else None


def test_no_verl_file_is_copied() -> None:
    theirs = {
        fingerprint: file for file in _verl().rglob("*") if file.suffix in (".py", ".yaml")
        if (fingerprint := _fingerprint(file))
    }  # fmt: skip
    assert len(theirs) > 200
    ours = [*(file for package in PACKAGES for file in _sources(package)), *(ROOT / "conf").rglob("*.yaml")]
    assert {
        str(file.relative_to(ROOT)): str(theirs[one]) for file in ours if (one := _fingerprint(file)) in theirs
    } == {}


def test_no_file_carries_verls_licence_header() -> None:
    header = "Bytedance Ltd. and/or its affiliates"
    carrying = [
        file for package in PACKAGES for file in _sources(package) if header in file.read_text(encoding="utf-8")
    ]
    assert carrying == []
