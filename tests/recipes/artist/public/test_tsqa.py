"""TSQA's table of fragments of JSON."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from published_questions import reader, right, wave


def _fragment(question: str, answer: str) -> str:
    return json.dumps({"question": question, "answer": answer})[1:-1]


def _row(place: int, kind: str = "multiple_choice", **change: Any) -> dict[str, Any]:
    values = wave(22, place)
    if kind == "multiple_choice":
        fragment = _fragment(
            f"The sales were {values}. What is the trend?\nA) up\nB) down\nC) none", "B) down. It falls."
        )
    else:
        fragment = _fragment(f"The sales were {values}. True or false: they rise.", "False. They fall.")
    return {
        "application_domain": "Finance",
        "task_type": "open_ended_qa",
        "question_format": kind,
        "QA_list": fragment,
        **change,
    }


def test_the_public_form_is_read_and_broken_rows_are_counted(tmp_path: Path) -> None:
    good = [_row(place, "true_or_false" if place % 3 == 0 else "multiple_choice") for place in range(60)]
    broken = [
        _row(90, QA_list="no JSON"),
        _row(91, QA_list=_fragment("What is the trend? A) up B) down", "A")),
        _row(92, QA_list=_fragment("What of [1, 2, 3]? A) up B) down", "A")),
        _row(93, QA_list=_fragment(f"What of {wave()}?", "A")),
        _row(94, QA_list=_fragment(f"What of {wave()}? A) up B) down", "D) sideways")),
        _row(95, QA_list=_fragment(f"What of {[*wave()[:-1], 'X']}? A) up B) down", "A")),
    ]
    other = [_row(96, "open_ended"), _row(97, QA_list=_fragment(f"Is {wave()} above {wave()}? A) yes B) no", "A"))]
    (tmp_path / "Open_Ended_QA").mkdir()
    pd.DataFrame([*good, *broken, *other]).to_csv(tmp_path / "Open_Ended_QA" / "open_ended_QA.csv", index=False)
    said: list[str] = []
    found = reader("artist_tsqa", tmp_path, log=said)
    everything = [one for some in found.parts.values() for one in some]
    assert len(everything) == 60
    assert {(one.kind, one.truth, right(one)) for one in everything} == {
        ("multiple_choice", "B", "down"),
        ("true_or_false", "B", "False"),
    }
    assert {one.text for one in everything} == {
        "The sales were [the series]. What is the trend?",
        "The sales were [the series]. True or false: they rise.",
    }
    assert everything[0].about == "The series is from the domain Finance."
    assert found.left_out == {
        "open_ended_QA.csv, malformed": 6,
        "open_ended_QA.csv, open_ended": 1,
        "open_ended_QA.csv, several series": 1,
    }
    assert said[1].startswith(
        "dataset artist_tsqa, open_ended_QA.csv: of 68 rows 6 are malformed and left out, such as "
        "line 62: its QA_list is no JSON; line 63: its question holds no series in brackets; "
    )
