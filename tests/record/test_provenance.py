"""What a run says of the code, the versions and the machine that it was made with."""

import subprocess
from pathlib import Path

import pytest

from src.record import provenance


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "code.py").write_text("x = 1\n")
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    return tmp_path


def test_a_clean_tree(repository: Path) -> None:
    state = provenance.git_state()
    assert len(state["commit"]) == 40 and state["dirty"] is False
    assert provenance.uncommitted_changes() is None


def test_a_dirty_tree_and_what_was_changed(repository: Path) -> None:
    (repository / "code.py").write_text("x = 2\n")
    assert provenance.git_state()["dirty"] is True
    difference = provenance.uncommitted_changes()
    assert difference is not None
    (repository / "code.py").write_text("x = 1\n")
    subprocess.run(["git", "-C", str(repository), "apply"], input=difference, text=True, check=True)
    assert (repository / "code.py").read_text() == "x = 2\n"


def test_outside_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.git_state() == {"commit": None, "dirty": False}
    assert provenance.uncommitted_changes() is None


def test_the_command_can_be_typed_again_and_versions_are_those_installed() -> None:
    record = provenance.provenance(["+recipe=time_r1", "stages=[sft]", "dataset.target='OT'"])
    assert record["command"] == """python -m src.launch +recipe=time_r1 'stages=[sft]' 'dataset.target='"'"'OT'"'"''"""
    assert record["versions"]["verl"] == provenance.installed_packages()["verl"]
    assert record["hardware"]["cores"] >= 1
