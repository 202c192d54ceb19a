"""The panel list: what its patterns stand for, and what is wrong with one."""

from pathlib import Path

import pytest

from src.errors import ConfigError
from src.report.parts.dashboard import DASHBOARD, load_dashboard, match


def test_metric_patterns_stand_for_one_segment() -> None:
    names = ["val/a/mse", "val/a/baseline/x/mse", "val/mse", "xval/a/mse"]
    assert match("val/{dataset}/mse", names) == {"val/a/mse": {"dataset": "a"}}
    assert match("a.b", ["a.b", "axb"]) == {"a.b": {}}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "kind: stack",
            "kind: pie",
            "Panel 'Time per step' of list.yaml: kind is 'pie', but must be one of line",
        ),
        ("section: Warm-up", "section: Warmup", "Panel 'SFT loss' of list.yaml: section is 'Warmup'"),
        ("format: scientific", "format: hex", "Panel 'Learning rate' of list.yaml: y.format is 'hex'"),
        ("title: Training\n", "", "is malformed: 'title'"),
        ("kind: stack", "colour: red", "is malformed:.*colour"),
        (
            "each: [task]",
            "each: [tasks]",
            "Panel 'Reward terms of {task}' of list.yaml: each names 'tasks', but the metric .* has no {tasks}",
        ),
    ],
)
def test_a_wrong_panel_list_names_the_entry(tmp_path: Path, old: str, new: str, message: str) -> None:
    content = DASHBOARD.read_text()
    assert old in content
    path = tmp_path / "list.yaml"
    path.write_text(content.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        load_dashboard(path)


def test_a_missing_panel_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read: No such file"):
        load_dashboard(tmp_path / "none.yaml")
