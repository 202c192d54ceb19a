"""Words that Hydra cannot read: the error shows the form to type, and the shell and Hydra read it as it was meant."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from src.config.compose import order_arguments
from src.config.group import compose_group
from src.config.quoting import check_grammar, expand_home, typed
from src.errors import ConfigError
from src.evaluation.cli import main as evaluate
from src.rewards.cli import main as rewards

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    *(
        "CO(mg)",
        "#n",
        "g[0]",
        "wind speed (m/s)",
        "a=b",
        "a,b",
        "it's",
        'a"b',
        "T\u00b0C",
        "Gr\u00f6\u00dfe",
        "a;b",
        "a&b",
        "~/data",
    ),
    *(
        "a{b}",
        "<x>",
        "x\\",
        "null",
        "True",
        "",
        " a ",
        "1",
        "1e5",
        "${x}",
        "$HOME",
        "both \" and '",
        "f(1",
        "!a",
        "*",
        "a|b",
    ),
]


def _read(word: str) -> object:
    (override,) = OverridesParser.create().parse_overrides(shlex.split(word))
    return override.value()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_is_read_as_it_was_meant(name: str) -> None:
    assert _read(typed("dataset.target", name)) == name
    assert _read(typed("dataset.target", [name, "T"])) == [name, "T"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12))
def test_every_text_has_a_form_to_type(text: str) -> None:
    assert _read(typed("dataset.target", text)) == text


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("dataset.target=CO(mg)", """'dataset.target="CO(mg)"'"""),
        ("dataset.folder=~/data", """'dataset.folder="~/data"'"""),
        ("dataset.target=a=b", """'dataset.target="a=b"'"""),
        ("dataset.target=[CO(mg),T]", """'dataset.target=["CO(mg)",T]'"""),
        ("++stage.rl.dataset.target=#n", """'++stage.rl.dataset.target="#n"'"""),
    ],
)
def test_a_word_that_hydra_cannot_read_is_shown_quoted(word: str, form: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_grammar(["dataset.horizon=3", word])
    assert str(caught.value) == f"{word}: Hydra cannot read it: if its value is text, type {form}"


def test_a_key_that_hydra_cannot_read_has_no_quoted_form() -> None:
    with pytest.raises(ConfigError, match=r"dataset.channels.CO\(mg\)=x: Hydra cannot read it: correct it \(Lexer"):
        check_grammar(["dataset.channels.CO(mg)=x"])
    with pytest.raises(ConfigError, match=r"dataset\.target: it is not of the form KEY=VALUE"):
        check_grammar(["dataset.target"])


@pytest.mark.parametrize("word", ["dataset.target=a,b", "seed=range(1,4)", "~dataset.target", "+a=[1,{b:2}]", "a=${b}"])
def test_what_hydra_reads_is_left_to_it(word: str) -> None:
    check_grammar([word])


def test_every_door_shows_the_form(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    word, form = "dataset.target=CO(mg)", """type 'dataset.target="CO(mg)"'"""
    with pytest.raises(ConfigError) as caught:
        order_arguments(["+recipe=time_r1", word])
    assert form in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        compose_group("dataset", "csv", [word])
    assert form in str(caught.value)
    (tmp_path / "answers.jsonl").write_text("")
    assert rewards(["reward=time_r1", "dataset=csv", word, f"input={tmp_path / 'answers.jsonl'}"]) == 2
    assert form in capsys.readouterr().err
    assert evaluate(["model=none", "dataset=csv", word]) == 2
    assert form in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["-m", "seed=1,2"]])
def test_a_launch_shows_the_form_and_no_traceback(more: list[str], tmp_path: Path) -> None:
    words = ["recipe=time_r1", "scale=smoke", "runtime=cpu", f"run.folder={tmp_path}", "dataset.folder=~/data", *more]
    done = subprocess.run([sys.executable, "-m", "src.launch", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert """type 'dataset.folder="~/data"'""" in done.stderr


def test_the_home_folder_is_put_into_where_runs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert expand_home('run.folder="~/runs"') == "run.folder=/home/me/runs"
    assert _read(shlex.quote(expand_home("+sweep.folder='~/my runs'"))) == "/home/me/my runs"
    assert expand_home('dataset.folder="~/data"') == 'dataset.folder="~/data"'
    assert order_arguments(['run.folder="~/runs"'])[0] == ["run.folder=/home/me/runs"]
