"""The command line: what it builds, and what it says about a mistake."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from data_pipelines.__main__ import main
from data_pipelines.cli import parse
from src.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


def test_a_csv_is_built_from_the_command_line_without_torch(hourly_csv: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from data_pipelines.__main__ import main; status = main(sys.argv[1:]); "
        "print([name for name in ('torch', 'verl', 'ray', 'openai') if name in sys.modules]); "
        "sys.exit(status)"
    )
    words = ["dataset=csv", f"dataset.path={hourly_csv}", "dataset.target=load", "dataset.horizon=6"]
    words += ["dataset.context_length=24", f"out={tmp_path / 'out'}"]
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "wrote" in done.stdout and f"train: {tmp_path / 'out' / 'train.parquet'}" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["out=x"], "no dataset given"),
        (["dataset=etth9", "out=x"], "there is no dataset 'etth9': choose one of aqshunyi, .*, wind"),
        (["dataset=demand"], "no out given: use python -m data_pipelines"),
        (["dataset=demand", "out=x", "outt=y"], "unknown option 'outt=y'"),
        (["dataset=demand", "out=x", "dataset.horizn=3"], "dataset.horizn.*conf/dataset/demand.yaml"),
        (["dataset=demand", "out=x", "dataset.horizon=[3"], "correct the command line"),
        (["dataset=demand", "out=x", "dataset.horizon=x"], "dataset.horizon cannot be used"),
        (["dataset=demand", "out=x", "download=7"], "download=7 is not of the form download=false"),
        (
            ["dataset=etth1", "dataset.folder=nowhere", "out=x"],
            "ETTh1.csv is not in nowhere .*dataset.folder=DIR",
        ),
    ],
)
def test_a_mistake_is_named_on_one_line_with_status_2(
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    shown = capsys.readouterr().err.strip()
    assert shown.startswith("error: ") and "\n" not in shown
    assert re.search(message, shown)
    assert list(tmp_path.iterdir()) == []


def test_help_lists_the_datasets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "usage: python -m data_pipelines" in shown and "aqshunyi, aqwan, csv, demand" in shown


def test_options_get_the_type_of_their_default() -> None:
    cfg, options = parse(["dataset=demand", "dataset.seed=4", "rate=2", "n=3"], {"rate": 0.5, "n": 1, "on": False}, "")
    assert cfg.seed == 4
    assert options == {"rate": 2.0, "n": 3, "on": False}
    with pytest.raises(ConfigError, match="n=two is not of the form n=1"):
        parse(["dataset=demand", "n=two"], {"n": 1}, "")
