"""ECG-QA over WFDB records, as OpenTSLM publishes it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import wfdb
from published_questions import reader, right

from src.errors import DataError

LEADS = ["I", "II", "V1"]


def _record(folder: Path, number: int) -> None:
    where = folder / "ptb-xl-1.0.3" / "records100" / f"{number // 1000 * 1000:05d}"
    where.mkdir(parents=True, exist_ok=True)
    values = np.outer(np.sin(np.arange(1000) / 9 + number), [0.1, 0.5, 1.0])
    wfdb.wrsamp(f"{number:05d}_lr", 100, ["mV"] * 3, LEADS, p_signal=values, fmt=["16"] * 3, write_dir=str(where))


def _row(number: int, answer: str = "yes", kind: str = "single-verify") -> dict[str, str]:
    return {
        "ecg_id": f"[{number}]",
        "question": "Does this ECG show noise?",
        "answer": answer,
        "question_type": kind,
        "template_id": "7",
        "clinical_context": "A man of 60.",
        "rationale": "because",
    }


def _write(folder: Path, train: list[dict[str, str]]) -> None:
    for split, rows in (("train", train), ("val", [_row(12)]), ("test", [_row(1203, "no")])):
        pd.DataFrame(rows).to_csv(folder / f"ecg_qa_cot_{split}.csv", index=False)
    for number in (12, 1203):
        _record(folder, number)


def test_the_public_form_is_read(tmp_path: Path) -> None:
    _write(tmp_path, [_row(12), _row(12, "no"), _row(12, "not sure"), _row(12, "ST", "single-choose")])
    said: list[str] = []
    parts = reader("artist_ecg_qa", tmp_path, log=said).parts
    assert {split: len(some) for split, some in parts.items()} == {"train": 2, "val": 1, "test": 1}
    (test,) = parts["test"]
    assert right(test) == "no" and list(test.options.values()) == ["yes", "no"]
    assert test.length == 1000
    np.testing.assert_allclose(test.series, 0.5 * np.sin(np.arange(1000) / 9 + 1203), atol=1e-3)
    assert test.about == "Lead II of an electrocardiogram in mV, 100 steps a second. A man of 60."
    one, two = parts["train"]
    assert one.series is two.series  # held once
    assert said[0] == (
        "dataset artist_ecg_qa, ecg_qa_cot_train.csv: of 4 rows 2 are not asked "
        "(1 answered 'not sure', 1 single-choose)"
    )


def test_another_lead_is_chosen(tmp_path: Path) -> None:
    _write(tmp_path, [_row(12), _row(12, "no")])
    (test,) = reader("artist_ecg_qa", tmp_path, lead="V1").parts["test"]
    np.testing.assert_allclose(test.series, np.sin(np.arange(1000) / 9 + 1203), atol=1e-3)
    with pytest.raises(DataError, match=r"dataset.lead is 'aVX': set it to one of I, II, V1"):
        _ = reader("artist_ecg_qa", tmp_path, lead="aVX").parts


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (_row(12, "maybe"), "line 3: its answer 'maybe' is not one of the options A, B"),
        ({**_row(12), "ecg_id": "x"}, "line 3: its ecg_id 'x' is no number"),
        (_row(99), "line 3: .*00099_lr.* is missing"),
        ({**_row(12), "question": ""}, "line 3: there is no question"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line(tmp_path: Path, row: dict[str, str], reason: str) -> None:
    _write(tmp_path, [_row(12), row])
    with pytest.raises(DataError, match=reason):
        _ = reader("artist_ecg_qa", tmp_path).parts
