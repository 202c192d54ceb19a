"""What is refused before a run's folder is touched."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from old_run import COMMIT, write_old_run

from src.config.compose import CONF, order_arguments, register_search_path
from src.errors import UserError
from src.launcher.carry_out import carry_out


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_of_the_layout_before_is_not_continued(tmp_path: Path) -> None:
    run = write_old_run(tmp_path / "time_r1" / "first")
    before = _files(tmp_path)
    arguments = ["+recipe=time_r1", "scale=smoke", "runtime=cpu", "run.name=first", f"run.folder={tmp_path}"]
    register_search_path()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config", overrides=order_arguments(arguments)[0])
    with pytest.raises(UserError) as refused:
        carry_out(cfg, [], arguments)
    said = str(refused.value)
    assert said.startswith(f"the run {run} was recorded by an earlier version of this project")
    assert (
        f"to go on with it, check out the commit {COMMIT}; to train on from its weights, start a new run with " in said
    )
    assert f"run.from={run};" in said and "run.fresh=true" in said
    assert _files(tmp_path) == before
