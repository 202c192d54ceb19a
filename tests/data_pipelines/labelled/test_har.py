"""UCI HAR's folders."""

from pathlib import Path

import pytest
from labelled_archives import write_har

from data_pipelines.labelled import har
from src.errors import DataError

CHANNELS = ("body_acc_x", "body_acc_y")


def test_activities_are_named_by_the_archives_own_table(tmp_path: Path) -> None:
    found = har.read(write_har(tmp_path / "har"), CHANNELS)
    train = found.parts["train"]
    assert list(train.labels[:3]) == ["WALKING", "WALKING_UPSTAIRS", "WALKING"]
    assert train.series[0].shape == (2, 16) and len(found.parts["test"]) == 6
    assert train.groups is not None and list(train.groups) == [str(1 + place // 4) for place in range(12)]
    assert train.series[0][1, 0] == pytest.approx(train.series[0][0, 0] + 1)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("train/Inertial Signals/body_acc_y_train.txt", None, "body_acc_y_train.txt is missing"),
        ("test/subject_test.txt", None, "subject_test.txt is missing"),
        ("activity_labels.txt", "1 WALKING\n", "holds 2, which activity_labels.txt has no name for"),
        ("train/subject_train.txt", "1\n", "subjects has 1 rows, and y_train.txt 12"),
        ("train/Inertial Signals/body_acc_x_train.txt", "1 2\n1 x\n", "is no table of numbers"),
    ],
)
def test_an_archive_that_is_not_whole_is_refused(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    folder = write_har(tmp_path / "har")
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        har.read(folder, CHANNELS)
    assert "\n" not in str(caught.value)
