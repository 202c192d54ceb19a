"""Keys of labelled datasets are checked, and every one in conf/ is described."""

from typing import Any

import pytest
from labelled_archives import BASE

from data_pipelines.labelled.settings import read_settings
from src.config.compose import options
from src.config.group import compose_group
from src.errors import DataError


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"shown": "plot"}, "dataset.shown cannot be used"),
        ({"show": "picture"}, "dataset.show is 'picture': set it to plot or numbers or both"),
        ({"image": "none"}, "dataset.image is 'none': set it to own or blank or other"),
        ({"missing": "drop"}, "dataset.missing is 'drop'"),
        ({"solvers": ["svm"]}, "dataset.solvers is 'svm': set it to dtw_1nn or rocket"),
        ({"window": 1}, "dataset.window is 1: set it to at least 2"),
        ({"max_rows": {"test": 0}}, "dataset.max_rows.test is 0"),
        ({"split": {"val": 1.0}}, "dataset.split.val is 1.0: set it to a share"),
        ({"rate": 0}, "dataset.rate is 0"),
        ({"classes": ["a"]}, "dataset.classes is no mapping"),
        ({"plot": {"width": 3}}, "dataset.plot.width is 3"),
    ],
)
def test_bad_keys_are_refused_in_one_sentence(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_settings({**BASE, **keys})
    assert "\n" not in str(caught.value)


def test_where_files_lie_is_no_content() -> None:
    one, other = read_settings({**BASE, "path": "a.csv"}), read_settings({**BASE, "path": "b.csv", "folder": "c"})
    assert one.content() == other.content()
    assert one.content() != read_settings({**BASE, "balanced": True}).content()


def test_every_labelled_dataset_is_described() -> None:
    every = {name: compose_group("dataset", name) for name in options("dataset")}
    labelled = {name: cfg for name, cfg in every.items() if cfg.task == "data_pipelines.labelled.task.Classify"}
    assert sorted(labelled) == ["basicmotions", "classify", "ctu", "ecg", "emg", "gunpoint", "har", "rcw", "tee"]
    for name, cfg in labelled.items():
        settings = read_settings(cfg)
        assert settings.name == name and settings.source != "unknown"
        assert name == "classify" or (settings.licence != "unknown" and settings.description and settings.classes)
        assert set(settings.hints) <= set((settings.classes or {}).values())


NAMES = {  # TimeMaster's
    "ctu": ["Desktop", "Laptop"],
    "emg": ["Healthy", "Myopathy", "Neuropathy"],
    "ecg": ["normal sinus rhythm", "atrial fibrillation", "other cardiac rhythms", "noise"],
    "har": ["walking", "walking_upstairs", "walking_downstairs", "sitting", "standing", "laying"],
    "rcw": ["RightWhale", "NoWhale"],
    "tee": [
        "CG Positive", "IR Negative", "Subsequent Return Stroke", "Impulsive", "Impulsive Pair", "Gradual Intra-Cloud",
        "Off-record",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "classes"), NAMES.items())
def test_classes_are_those_of_timemaster_in_its_order(name: str, classes: list[str]) -> None:
    assert list(read_settings(compose_group("dataset", name)).classes.values()) == classes
