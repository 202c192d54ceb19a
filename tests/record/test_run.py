"""A run's own record, and what becomes of one that another version of the project has written."""

import json
from pathlib import Path

import pytest

from src.errors import UserError
from src.record.run import FORMAT, Run, require_format


def test_a_run_that_was_set_aside_is_new(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.start({"seed": 1})
    assert Run(tmp_path / "run").record == {"format": 2, "seed": 1}
    aside = run.set_aside()
    assert Run(aside).record == {"format": 2, "seed": 1}
    assert Run(tmp_path / "run").record == {} and run.record == {}


def test_what_is_changed_and_saved_is_read_again(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.start({"stages": [{"name": "sft", "state": "pending"}]})
    run.stage("sft")["state"] = "running"
    run.update({"data": 7})
    assert Run(tmp_path / "run").record == {
        "format": FORMAT, "stages": [{"name": "sft", "state": "running"}], "data": 7,
    }  # fmt: skip
    with pytest.raises(KeyError, match="rl"):
        run.stage("rl")


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write the run's folder .*choose run\.folder="):
        Run(tmp_path / "file" / "run").start({})


def test_a_record_that_is_no_json_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"recipe": "ti')
    with pytest.raises(UserError, match="is not valid JSON"):
        Run(tmp_path)


def test_a_run_of_this_format_is_taken_up(tmp_path: Path) -> None:
    require_format(tmp_path, {"format": FORMAT}, "go on with it")


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"git": {"commit": "475d5dd"}}, "was recorded by an earlier version of this project, whose settings have "
         "other names: to go on with it, check out the commit 475d5dd; to train on from its weights, start a new run "
         "with run.from={folder}; or start over with another run.name= (run.fresh=true sets the old run aside)"),
        ({"git": {"commit": None}}, "to go on with it, take the version of the code that began it;"),
        ({"format": FORMAT + 1, "git": {"commit": "0ff"}}, "was recorded by a later version of this project"),
    ],
)  # fmt: skip
def test_a_run_of_another_format_says_what_can_be_done(tmp_path: Path, record: dict, says: str) -> None:
    with pytest.raises(UserError) as refused:
        require_format(tmp_path, record, "go on with it")
    assert says.format(folder=tmp_path) in str(refused.value)
    assert json.dumps(str(refused.value)).count("\\n") == 0
