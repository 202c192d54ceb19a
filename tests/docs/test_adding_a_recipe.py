"""The recipe of docs/adding_a_recipe.md: short, tested by its own tests, and launched from the text of the page."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from launching import ROOT, Launched, command
from pages import files_of, tree_with

PAGE = "adding_a_recipe.md"
FILES = [
    "conf/dataset/peak.yaml", "conf/recipe/peak.yaml", "conf/scale/peak/smoke.yaml", "recipes/peak/README.md",
    "recipes/peak/task.py", "tests/recipes/peak/test_task.py",
]  # fmt: skip


def _in(tree: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in the tree, which nothing of this project shadows."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True, timeout=900, check=False
    )


def test_the_page_holds_a_whole_recipe_in_under_120_lines() -> None:
    files = files_of(PAGE)
    assert sorted(files) == FILES
    code = [content for name, content in files.items() if name.endswith((".py", ".yaml"))]
    assert sum(content.count("\n") for content in code) < 120
    assert not any(name.startswith("src/") for name in files)


def test_its_own_tests_pass_and_its_form_is_ours(tmp_path: Path) -> None:
    tree = tree_with(PAGE, tmp_path)
    (tree / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    done = _in(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/recipes/peak")
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout + done.stderr
    own = [name for name in FILES if name.endswith(".py")]
    for words in (["check"], ["format", "--check"]):
        checked = _in(tree, "-m", "ruff", *words, *own)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.smoke
def test_it_is_launched_from_the_text_of_the_page(tmp_path: Path) -> None:
    tree = tree_with(PAGE, tmp_path / "tree")
    words = command(tmp_path / "runs", "run", "logging.wandb=off", recipe="peak")
    done = _in(tree, *words[1:])
    run = Launched(done.returncode, done.stdout + done.stderr, tmp_path / "runs" / "peak" / "run")
    assert run.code == 0, run.output
    assert [(stage["name"], stage["state"]) for stage in run.record["stages"]] == [("sft", "done"), ("rl", "done")]
    assert [line["step"] for line in run.metrics("sft") if "train/loss" in line] == [1, 2, 3]
    steps = run.metrics("rl")
    assert [line["step"] for line in steps] == [0, 1, 2]
    for line in steps[1:]:
        assert {"reward/mean", "reward/format/mean", "reward/accuracy/mean", "parse/valid_frac"} <= set(line)
    for line in (steps[0], steps[-1]):
        assert {"val/peak/acc", "val/peak/fail_frac", "val/peak/reward"} <= set(line)
        assert line["val/peak/baseline/random/acc"] == pytest.approx(1 / 3)
        assert {f"val/peak/baseline/{name}/acc" for name in ("majority", "blind", "shuffled")} <= set(line)
    results = json.loads((run.folder / "evaluation.json").read_text())
    assert set(results) == {"sft", "rl"}
    group = results["rl"]["groups"]["peak"]
    assert (group["lead"], group["questions"]) == ("acc", 6)
    assert 0 <= group["metrics"]["acc"]["value"] <= 1
    assert "peak" in (run.folder / "report.html").read_text()
