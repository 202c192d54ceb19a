"""The command line that scores answers, in this process and as a command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from src.models.tiny import CHAT_TEMPLATE, make_tokenizer
from src.rewards.cli import load_reward, main
from src.tasks.row import Row

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "response": "<think>up</think>\n<answer>\n1\n2\n3\n4\n</answer>",
    "ground_truth": [1, 2, 3, 4],
    "extra_info": {"history": [1, 2, 1, 2], "period": 2},
}
KEYS = ["score", "format", "length", "mse", "seasonal", "trend", "structural", "valid"]


def write(path: Path, *lines: object) -> str:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return f"input={path}"


def test_prints_one_line_with_score_and_terms_each(tmp_path, capsys) -> None:
    file = write(tmp_path / "in.jsonl", GOOD, "", {**GOOD, "response": "no idea"})
    assert main(["reward=time_r1", file]) == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(first) == list(second) == KEYS
    assert first["score"] == pytest.approx(1.1)
    assert first["valid"] == 1.0
    assert second["score"] == second["format"] == -1.0


def test_what_the_chat_template_has_begun_belongs_to_the_answer(tmp_path, capsys) -> None:
    rest = {**GOOD, "response": GOOD["response"].removeprefix("<think>")}
    from_prompt = {"prompt": "<|User|>Forecast.<|Assistant|><think>\n"}
    file = write(tmp_path / "in.jsonl", rest, {**rest, **from_prompt}, {**GOOD, **from_prompt})
    assert main(["reward=time_r1", file]) == 0
    scores = [json.loads(line)["score"] for line in capsys.readouterr().out.splitlines()]
    assert scores == pytest.approx([0.1, 1.1, 0.1])  # a second <think> is a fault

    tokenizer = make_tokenizer(["1"], 0)
    tokenizer.chat_template = CHAT_TEMPLATE.replace("assistant\n'", "assistant\n<think>\n'")
    tokenizer.save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text('{"model_type": "qwen2"}')
    model = f"model={tmp_path / 'model'}"
    plain = {**rest, "prompt": "<|im_start|>assistant\n"}
    assert main(["reward=time_r1", model, write(tmp_path / "in.jsonl", rest, plain, GOOD)]) == 0
    scores = [json.loads(line)["score"] for line in capsys.readouterr().out.splitlines()]
    assert scores == pytest.approx([1.1, 0.1, 0.1])  # a line's own prompt comes first
    choice = {"response": "so</think><answer>B</answer>", "ground_truth": "B"}
    assert main(["reward=timeomni1", model, write(tmp_path / "in.jsonl", choice)]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == 0.1


def test_a_dataset_comes_with_settings_of_its_reward(tmp_path, capsys) -> None:
    file = write(tmp_path / "in.jsonl", {**GOOD, "response": GOOD["response"].replace("4\n", "9\n")})
    scores = {}
    for dataset in ("", "dataset=demand", "dataset=exchange"):
        assert main([word for word in ("reward=time_r1", dataset, file) if word]) == 0
        scores[dataset] = json.loads(capsys.readouterr().out)["mse"]
    assert scores[""] == scores["dataset=demand"] < scores["dataset=exchange"]
    key = "reward.custom_reward_function.reward_kwargs"
    assert main(["reward=time_r1", "dataset=exchange", f"{key}.slope=4", f"{key}.naive=last_day", file]) == 0
    assert json.loads(capsys.readouterr().out)["mse"] == pytest.approx(scores[""])  # the user's word counts


def test_overrides_reach_the_reward(tmp_path, capsys) -> None:
    file = write(tmp_path / "in.jsonl", GOOD)
    key = "reward.custom_reward_function.reward_kwargs."
    assert main(["reward=time_r1", file, f"{key}length=0.3"]) == 0
    assert json.loads(capsys.readouterr().out)["length"] == 0.3


@pytest.mark.parametrize("name", ["time_r1", "time_r1_paper", "time_r1_released"])
def test_every_reward_of_the_recipe_loads(name: str) -> None:
    scored = load_reward(name)(Row("x", "", "", 0, [], [1.0, 2.0]), "")
    assert list(scored) == KEYS


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([GOOD, "{bad"], "error: line 2: not JSON"),
        (["[1]"], "error: line 1: not a JSON object"),
        ([{"response": "a"}], "error: line 1: the key 'ground_truth' is missing"),
        ([{"ground_truth": [1]}], "error: line 1: the key 'response' is missing"),
        ([{"response": 1, "ground_truth": [1]}], "error: line 1: 'response' is not text"),
        ([{"response": "a", "ground_truth": 1, "prompt": []}], "error: line 1: 'prompt' is not text"),
        ([{"response": "a", "ground_truth": [float("nan")]}], "error: line 1: 'ground_truth' holds a number that is"),
        ([{"response": "a", "ground_truth": 1, "extra_info": {"x": [float("inf")]}}], "error: line 1: 'extra_info' h"),
        ([{"response": "a", "ground_truth": "A", "extra_info": 3}], "error: line 1: 'extra_info' is not a JSON object"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(tmp_path, capsys, lines: list, message: str) -> None:
    assert main(["reward=time_r1", write(tmp_path / "in.jsonl", *lines)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_a_reward_that_fails_names_the_line(tmp_path, capsys) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("def compute_score(ground_truth, **_):\n    return {'score': 1 / ground_truth}\n")
    file = write(tmp_path / "in.jsonl", {**GOOD, "ground_truth": 2}, {**GOOD, "ground_truth": 0})
    key = "reward.custom_reward_function."
    assert main(["reward=time_r1", file, f"{key}path={mine}"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"score": 0.5}
    assert captured.err == (
        f"error: the reward compute_score of {mine} failed on line 2: ZeroDivisionError: division by zero "
        f"({mine}, line 2)\n"
    )


def test_bytes_that_are_not_text_are_named(tmp_path, capsys) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"\xff\xfe\n")
    assert main(["reward=time_r1", f"input={tmp_path / 'in.jsonl'}"]) == 2
    assert capsys.readouterr().err == "error: line 1: not UTF-8 text\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reward=nope", "input=x"], "error: there is no reward 'nope': choose one of artist, "),
        (["reward=../config", "input=x"], "error: there is no reward '../config'"),
        (["reward=time_r1", "input=no/such.jsonl"], "error: cannot read input=no/such.jsonl: No such file"),
        (["reward=time_r1"], "error: input=... is missing"),
        (["input=x"], "error: reward=... is missing"),
        (["reward=own", "input=x"], "error: no reward is named, and no dataset whose task has one"),
        (["reward=time_r1", "dataset.horizon=3", "input=x"], "error: dataset.horizon=3: give dataset=NAME with it"),
        (["reward=time_r1", "input=x", "verbose"], "error: 'verbose' is not of the form KEY=VALUE"),
        (["reward=time_r1", "input=x", "reward.nope=1"], "error: Could not override 'reward.nope'"),
    ],
)
def test_a_wrong_command_is_explained_in_one_line(capsys, arguments: list[str], message: str) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_an_unknown_setting_is_named(tmp_path, capsys) -> None:
    key = "+reward.custom_reward_function.reward_kwargs.wieght=1"
    assert main(["reward=time_r1", write(tmp_path / "in.jsonl", GOOD), key]) == 2
    assert "reward preset 'strict' has no setting 'wieght'; it has format, length" in capsys.readouterr().err


def test_as_a_command_from_standard_input_without_torch_or_verl() -> None:
    code = (
        "import runpy, sys\n"
        "sys.argv = ['src.rewards', 'reward=time_r1', 'input=-']\n"
        "try:\n    runpy.run_module('src.rewards', run_name='__main__')\n"
        "except SystemExit as end:\n    print(end.code, sorted({'torch', 'verl'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(GOOD),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    first, last = done.stdout.splitlines()
    assert json.loads(first)["valid"] == 1.0
    assert last == "0 []"
