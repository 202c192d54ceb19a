"""The command line: what it builds, and what it says about a mistake."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from data_pipelines.__main__ import main
from data_pipelines.cli import parse
from src.config.compose import CONF
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
        (["dataset=demand", "out=x", "dataset.horizon=[3"], "dataset.horizon=\\[3: Hydra cannot read it"),
        (
            ["dataset=demand", "out=x", "dataset.title=a,b"],
            r"""type 'dataset.title="a,b"', .* 'dataset.title=\[a,b\]'""",
        ),
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
    assert "usage: python -m data_pipelines" in shown
    assert f"datasets: {', '.join(sorted(file.stem for file in (CONF / 'dataset').glob('[!_]*.yaml')))} (" in shown


def test_options_get_the_type_of_their_default() -> None:
    cfg, options = parse(["dataset=demand", "dataset.seed=4", "rate=2", "n=3"], {"rate": 0.5, "n": 1, "on": False}, "")
    assert cfg.seed == 4
    assert options == {"rate": 2.0, "n": 3, "on": False}
    with pytest.raises(ConfigError, match="n=two is not of the form n=1"):
        parse(["dataset=demand", "n=two"], {"n": 1}, "")


# Files in the form of public ones, which lie beside the checkout: words, and what is said or found in the series.
_FOUND = [
    ("semicolon_decimal_comma/last.csv dataset.target=Last dataset.date_column=Datum", "decimal commas", "h", 24),
    ("semicolon_decimal_comma/meters.txt dataset.target=[M_1,M_2] dataset.date_column=", "decimal commas", "h", 24),
    ("semicolon_decimal_comma/station.csv dataset.target=T dataset.date_column=[Day,Hour]", "by %d/%m/%Y", "h", 24),
    ("calendar_other_anchor/fiscal_quarters.csv dataset.target=v", "", "QS-FEB", 4),
    ("calendar_other_anchor/business_month_end.csv dataset.target=v", "", "BME", 12),
    ("calendar_other_anchor/year_to_june.csv dataset.target=v", "", "YE-JUN", 1),
    ("calendar_other_anchor/mid_month.csv dataset.target=v", "", "MS", 12),
    *((f"season_by_spelling/daily.csv dataset.target=v {freq}", "", "D", 7)
      for freq in ("", "dataset.freq=1D", "dataset.freq=d", "dataset.freq=24h")),
    *((f"season_by_spelling/weekly.csv dataset.target=v {freq}", "", "7D", 52) for freq in ("", "dataset.freq=W")),
    ("long_and_split_dates/long.csv dataset.target=v dataset.id_column=unit", "", "D", 7),
    ("long_and_split_dates/date_and_hour.csv dataset.target=v dataset.date_column=[date,hour]", "", "h", 24),
    ("epoch/seconds.csv dataset.target=v", "dates read as s since 1970", "h", 24),
    ("dayfirst_warning/dots.csv dataset.target=v", "", "h", 24),
    ("""column_names/names.csv dataset.target="CO(mg)\"""", "", "D", 7),
]  # fmt: skip
_REFUSED = [
    ("calendar_gap/monthly.csv dataset.target=v", "line 52: .*one row per month"),
    ("calendar_gap/yearly.csv dataset.target=v", "line 52: .*one row per year"),
    ("calendar_gap/trading_days.csv dataset.target=v", "line 53: .*one row per business day"),
    ("long_and_split_dates/long.csv dataset.target=v", "several series stand below each other.*dataset.id_column=unit"),
    ("long_and_split_dates/date_and_hour.csv dataset.target=v", r"'dataset.date_column=\[date,hour\]'"),
    ("column_names/names.csv dataset.target=CO(mg)", """type 'dataset.target="CO\\(mg\\)"'"""),
    ("odd_digits/digits.csv dataset.target=v", "line 7, column 'v': '2_1' is not"),
]


def _build(words: str, out: Path) -> int:
    path, *more = words.split()
    lengths = ["dataset.context_length=8", "dataset.horizon=4"]
    return main(["dataset=csv", *lengths, f"out={out}", f"dataset.path={path}", *more])


@pytest.mark.parametrize(("words", "said", "freq", "period"), _FOUND)
def test_files_as_people_have_them_are_built(
    shared_cases: Path, words: str, said: str, freq: str, period: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _build(f"{shared_cases}/{words}", tmp_path) == 0
    shown = capfd.readouterr()
    assert shown.err == "" and (said in shown.out if said else "note" not in shown.out)
    data = json.loads((tmp_path / "manifest.json").read_text())["data"]
    assert (data["freq"], data["period"]) == (freq, period)


@pytest.mark.parametrize(("words", "message"), _REFUSED)
def test_files_as_people_have_them_are_refused_with_the_fix(
    shared_cases: Path, words: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _build(f"{shared_cases}/{words}", tmp_path) == 2
    shown = capsys.readouterr().err
    assert re.search(message, shown) and shown.count("\n") == 1
