"""Files of the UCR and UEA archives, with headers as they are in circulation."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_archives import waves, write_arff, write_ts

from data_pipelines.labelled import ucr
from src.errors import DataError

HEADERS = {
    "as published": "@timeStamps false\n@univariate true\n@equalLength true\n@classLabel true 1 2",
    "blanks between labels": "@classLabel   true    1\t2  ",
    "labels on the next line": "@classLabel true\n1 2",
    "labels that do not fit": "@classlabel true desktop laptop",
    "no word about classes": "@relation computers",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=list(HEADERS))
@pytest.mark.parametrize("channels", [1, 3])
def test_ts_is_read_whatever_its_header_says(tmp_path: Path, header: str, channels: int) -> None:
    pytest.importorskip("pyts", reason="pyts reads .ts files")
    series = waves(4, channels=channels)
    found = ucr.read(write_ts(tmp_path / "Small_TRAIN.ts", series, ["1", "2", "1", " 2"], header))
    assert list(found.labels) == ["1", "2", "1", "2"]
    np.testing.assert_allclose(found.series, series, rtol=1e-5)


def test_series_of_ts_keep_their_length_and_their_gaps(tmp_path: Path) -> None:
    pytest.importorskip("pyts", reason="pyts reads .ts files")
    path = tmp_path / "a.ts"
    path.write_text("@data\n1,2,3,4:a\n5,?:b\n6,NaN,8:a\n")
    found = ucr.read(path)
    assert [one.shape for one in found.series] == [(1, 4), (1, 1), (1, 3)]
    assert np.isnan(found.series[2]).tolist() == [[False, True, False]]


ARFF = {
    "as published": "@relation x\n@attribute t0 numeric\n@attribute target {1,2}",
    "quoted names and blanks": "% words\n@RELATION 'x'\n@attribute\t't 0'   NUMERIC\n@attribute target { 1 , 2 }",
    "types that no reader knows": "@relation x\n@attribute t0 whatever\n@attribute target string",
    "nothing": "",
}


@pytest.mark.parametrize("header", ARFF.values(), ids=list(ARFF))
@pytest.mark.parametrize("channels", [1, 3])
def test_arff_is_read_whatever_its_header_says(tmp_path: Path, header: str, channels: int) -> None:
    series = waves(4, channels=channels)
    labels = ["Gun Draw", "'Point'", "Gun Draw", "Point"]
    found = ucr.read(write_arff(tmp_path / "Small.arff", series, labels, header))
    assert list(found.labels) == ["Gun Draw", "Point", "Gun Draw", "Point"]
    np.testing.assert_allclose(found.series, series, rtol=1e-5)


def test_missing_values_of_arff_are_nan(tmp_path: Path) -> None:
    path = tmp_path / "a.arff"
    path.write_text("@data\n1,?,3,a\n% a word\n4,5,6,b\n")
    found = ucr.read(path)
    assert np.isnan(found.series[0]).tolist() == [[False, True, False]]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6), st.sampled_from(["1", "2", "walking", "walking up"])
        ),
        min_size=1,
        max_size=5,
    ),
    channels=st.sampled_from([1, 2, 3]),
)
def test_what_is_written_as_arff_is_read(rows: list[tuple[list[float], str]], channels: int) -> None:
    series = [np.array(values).reshape(channels, -1) for values, _ in rows]
    labels = [label for _, label in rows]
    with tempfile.TemporaryDirectory() as folder:
        found = ucr.read(write_arff(Path(folder) / "a.arff", series, labels))
    assert list(found.labels) == labels
    np.testing.assert_allclose(np.array(found.series), np.array(series), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "   2.0000000e+00  -6.4e-01   1.5\n   1.0000000e+00   2.0   NaN\n"),
        ("a.tsv", "2\t-0.64\t1.5\n1\t2.0\t\n"),
        ("a.tsv", "2,-0.64,1.5\n1,2.0,\n"),
    ],
)
def test_tables_begin_with_the_label(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = ucr.read(tmp_path / name)
    assert list(found.labels) == ["2", "1"]
    assert [one.tolist() for one in found.series] == [[[-0.64, 1.5]], [[2.0]]]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.arff", "1,2,a\n", "is no arff file of labelled series .there is no @data line"),
        ("a.arff", "@data\n", "holds no series"),
        ("a.arff", "@data\n1,2,a\n1,b\n", "is no arff file"),
        ("a.arff", "@data\n1,x,a\n", "is no arff file"),
        ("a.ts", "1,2:a\n", "a.ts cannot be read"),
        ("a.ts", "@data\n", "is no ts file"),
        ("a.ts", "@data\n(0,1),(1,2):a\n", "is no ts file"),
        ("a.txt", "1\n2\n", "no value behind the label"),
        ("a.txt", "", "is no txt file"),
        ("a.txt", "1 2 x\n", "is no txt file"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(tmp_path: Path, name: str, text: str, message: str) -> None:
    if name.endswith(".ts"):
        pytest.importorskip("pyts", reason="pyts reads .ts files")
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        ucr.read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        ucr.read(tmp_path / "none.arff")
