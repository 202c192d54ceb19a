"""Settings are typed: what is wrong is named with its key."""

from typing import Any

import pytest
from omegaconf import OmegaConf

from data_pipelines.settings import read_settings
from src.errors import DataError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizn": 3}, "dataset.horizn cannot be used"),
        ({"horizon": "many"}, "dataset.horizon cannot be used .*'many'"),
        ({"horizon": 0}, "dataset.horizon is 0: set it to at least 1"),
        ({"context_length": 1}, "dataset.context_length is 1: set it to at least 2"),
        ({"stride": 0}, "dataset.stride is 0"),
        ({"decimals": 13}, "at most 12"),
        ({"max_windows": {"train": 0}}, "dataset.max_windows.train is 0"),
        ({"split": {"trian": 0.5}}, "trian"),
        ({"evaluation": {"mode": "all"}}, "set it to paper or full"),
        (
            {"evaluation": {"target_length": 5}},
            "dataset.evaluation.target_length is 5: set it to at least 96",
        ),
        ({"prompt": {"timestamps": "yes"}}, "set it to rows, start, weekday, seasons or none"),
        ({"target": {"a": 1}}, "dataset.target is neither a column name nor a list"),
        ({"target": []}, "dataset.target is neither"),
        ({"target": ["a", "a"]}, "names a column twice"),
        ({"separator": "semi"}, "dataset.separator is 'semi': set it to comma, semicolon, tab, bar or one mark"),
        ({"decimal": ";"}, "dataset.decimal is ';': set it to point or comma"),
        ({"series": ["P"]}, "set dataset.id_column too"),
        ({"date_column": {"a": 1}}, "dataset.date_column is neither a name nor a list"),
        ({"date_column": ["a", "a"]}, "dataset.date_column is neither a name nor a list of different ones"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_settings({"name": "x", "title": "x", **changes})


def test_a_name_is_required() -> None:
    with pytest.raises(DataError, match=r"dataset.name"):
        read_settings({"title": "x"})


def test_targets_are_one_column_a_list_or_the_described_ones() -> None:
    def targets(**changes: Any) -> list[str] | None:
        return read_settings(OmegaConf.create({"name": "x", "title": "x", **changes})).targets()

    assert targets(target="a") == ["a"]
    assert targets(target=5) == ["5"]
    assert targets(target=["a", "b"]) == ["a", "b"]
    assert targets(channels={"c": "text", "PM2.5": "text"}) == ["c", "PM2.5"]
    assert targets() is None


def test_dates_stand_in_no_column_one_or_several() -> None:
    def columns(**changes: Any) -> list[str]:
        return read_settings(OmegaConf.create({"name": "x", "title": "x", **changes})).date_columns()

    assert columns() == ["date"]
    assert columns(date_column=None) == []
    assert columns(date_column="") == [""]
    assert columns(date_column=["date", 2]) == ["date", "2"]
    assert (
        read_settings({"name": "x", "title": "x", "channels": {"P": "a series"}, "id_column": "id"}).targets() is None
    )
