"""Stages of sleep as OpenTSLM publishes them, in its parts."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from published_questions import reader, right, wave
from sklearn.model_selection import train_test_split

from src.errors import DataError

LABELS = ["W"] * 60 + ["N1"] * 10 + ["N2"] * 50 + ["N3"] * 30 + ["REM"] * 40 + ["M"] * 10


def _write(folder: Path, labels: list[str]) -> pd.DataFrame:
    series = [str([wave(30, place)]) for place in range(len(labels))]
    table = pd.DataFrame({"time_series": series, "label": labels, "rationale": "because"})
    table.to_csv(folder / "sleep_cot.csv", index=False)
    return table


def test_the_parts_are_those_of_opentslms_loader(tmp_path: Path) -> None:
    table = _write(tmp_path, LABELS)
    rest, test = train_test_split(table, test_size=0.1, random_state=42, stratify=table["label"])
    _, val = train_test_split(rest, test_size=0.1 / 0.9, random_state=43, stratify=rest["label"])
    parts = reader("artist_sleep_qa", tmp_path, balanced=False).parts
    for split, official in (("test", test), ("val", val)):
        assert {str([one.series.tolist()]) for one in parts[split]} == set(official["time_series"])
    assert len(parts["train"]) == 200 - 20 - 20


def test_six_stages_are_options_and_training_is_balanced(tmp_path: Path) -> None:
    _write(tmp_path, LABELS)
    found = reader("artist_sleep_qa", tmp_path)
    one = found.parts["test"][0]
    assert list(one.options) == list("ABCDEF") and one.about == "30 seconds of one EEG channel in 30 steps."
    assert set(Counter(map(right, found.parts["train"])).values()) == {48}
    test = found.about()["data"]["answers"]["test"]
    assert (test["Wake"], test["Non-REM stage 1"], test["Movement"]) == (6, 1, 1)


def test_stage_4_is_stage_3_and_unknown_ones_are_counted(tmp_path: Path) -> None:
    _write(tmp_path, [*LABELS, *["N4"] * 10, *["Unknown"] * 10, *["Non-REM stage 2"] * 10])
    found = reader("artist_sleep_qa", tmp_path)
    assert found.about()["data"]["answers"]["test"]["Non-REM stage 3"] == 4
    assert found.left_out["sleep_cot.csv, of unknown stage"] == 8 + 1 + 1


def test_a_label_outside_the_stages_is_refused_with_its_line(tmp_path: Path) -> None:
    _write(tmp_path, [*LABELS, *["N7"] * 10])
    with pytest.raises(DataError, match=r"sleep_cot.csv, line \d+: its label 'N7' is none of Wake, Non-REM stage 1"):
        _ = reader("artist_sleep_qa", tmp_path).parts


def test_too_few_rows_are_one_message(tmp_path: Path) -> None:
    _write(tmp_path, ["W", "N1"])
    with pytest.raises(DataError, match=r"sleep_cot.csv cannot be split as OpenTSLM does"):
        _ = reader("artist_sleep_qa", tmp_path).parts
