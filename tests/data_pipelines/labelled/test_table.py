"""A user's CSV: a series in each row, or below each other."""

from pathlib import Path

import pytest

from data_pipelines.labelled.table import read_table
from src.errors import DataError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_row_is_a_series(tmp_path: Path) -> None:
    found = read_table(write(tmp_path, "a,b,label,c\n1,2,up,3\n4,,down,6\n7,8,up,\n"), "label", None, None)
    part = found.parts["train"]
    assert list(part.labels) == ["up", "down", "up"]
    assert [one.shape for one in part.series] == [(1, 3), (1, 3), (1, 2)]
    assert str(part.series[1].tolist()) == "[[4.0, nan, 6.0]]"


def test_steps_below_each_other_have_channels(tmp_path: Path) -> None:
    text = "id;kind;x;y;part\na;up;1,5;2;train\na;up;3;4;train\nb;down;5;6;test\nc;down;7;8;train\n"
    found = read_table(write(tmp_path, text), "kind", "id", "part")
    assert found.channels == ["x", "y"]
    assert {split: list(part.labels) for split, part in found.parts.items()} == {
        "train": ["up", "down"],
        "test": ["down"],
    }
    assert found.parts["train"].series[0].tolist() == [[1.5, 3.0], [2.0, 4.0]]


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        ("a,b\n1,2\n", ("label", None, None), "has no column 'label' .its columns: a, b.: set dataset.label_column"),
        ("label\nup\n", ("label", None, None), "no column of values"),
        ("a,label\n1,up\nx,down\n", ("label", None, None), "line 3: 'x' in column 'a' is no number"),
        ("a,label\n1,up\n2,\n", ("label", None, None), "line 3: the label is empty"),
        ("a,id,label\n1,s,up\n2,s,down\n", ("label", "id", None), "line 3: series 's' is 'up' above and 'down' here"),
        ("a,label,p\n1,up,train\n2,up,later\n", ("label", None, "p"), "line 3: 'later' in column 'p' is no part"),
        ("a,label,p\n1,up,test\n", ("label", None, "p"), "nothing to learn from"),
    ],
)
def test_bad_tables_are_refused_with_the_line(
    tmp_path: Path, text: str, keys: tuple[str, str | None, str | None], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_table(write(tmp_path, text), *keys)
    assert "\n" not in str(caught.value)
