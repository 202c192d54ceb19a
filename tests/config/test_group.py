"""A group composed by itself."""

from pathlib import Path

import pytest

from src.config.compose import options
from src.config.group import compose_group
from src.errors import ConfigError


def test_a_group_is_the_node_of_a_run_with_its_overrides() -> None:
    assert compose_group("dataset", "etth1").horizon == 96
    assert compose_group("dataset", "etth1", ["dataset.horizon=24"]).horizon == 24
    assert compose_group("reward", "time_r1").custom_reward_function.name == "compute_score"


def test_files_that_others_start_from_are_no_options(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    for name in ("mine", "_base"):
        (tmp_path / "dataset" / f"{name}.yaml").write_text("rows: 3\n")
    assert options("dataset", tmp_path) == ["mine"]
    assert compose_group("dataset", "mine", conf=tmp_path).rows == 3
    with pytest.raises(ConfigError, match=r"^there is no dataset '_base': choose one of mine$"):
        compose_group("dataset", "_base", conf=tmp_path)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("dataset.horizn=24", "Could not override 'dataset.horizn': correct the command line, the keys are in conf/"),
        ("dataset.horizon=[3", "dataset.horizon=[3: Hydra cannot read it: if its value is text, type"),
    ],
)
def test_a_mistake_is_one_sentence(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        compose_group("dataset", "etth1", [override])
    assert message in str(error.value)
    assert "\n" not in str(error.value)
