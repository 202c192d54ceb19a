"""The command ``python -m src.evaluate``: its mistakes, and real runs of vLLM."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from toys import GOOD, HALF_HOURLY
from warm import Warm

from src.evaluation.cli import main
from src.evaluation.model_folder import check_model

ROOT = Path(__file__).resolve().parents[2]
ModelFolder = Callable[..., Path]


def command(*arguments: str, python: str = sys.executable) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, *arguments],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dataset=demand"], "error: no model given: add model=..."),
        (["model=m"], "error: no dataset given: add dataset=..."),
        (
            ["model=m", "dataset=nothing"],
            "error: there is no dataset 'nothing': choose one of aqshunyi, aqwan,",
        ),
        (["model=m", "dataset=demand", "dataset.horizont=3"], "conf/dataset/demand.yaml"),
        (["model=m", "dataset=demand", "horizont=3"], "error: unknown option 'horizont=3'"),
        (["model=m", "dataset=demand", "horizont=3"], "the words of data_pipelines.forecast.Forecast are horizon"),
        (["model=./m", "dataset=demand", "task=src.errors.UserError"], "error: dataset.task: 'src.errors.UserError'"),
        (["model=m", "dataset=demand", "runs=many"], "error: runs: "),
        (["model=m", "dataset=demand", "runs=[1"], "has no readable value"),
        (["model=m", "dataset=demand", "temperature=-1"], "error: temperature=-1.0 is out of range"),
        (["model=./m", "dataset=demand", "out=."], "error: . is a folder: name a file"),
        (["model=./m", "dataset=demand", "out=README.md/x.json"], "README.md is not a folder"),
        (["model=./m", "dataset=demand"], "error: model=./m is not a folder"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("README.md").touch()
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"], "nothing may be written"


def test_help_lists_the_datasets_and_no_argument_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "demand, ecg" in capsys.readouterr().out
    assert main([]) == 2
    assert "usage: python -m src.evaluate" in capsys.readouterr().err


def test_a_mistake_is_noticed_before_vllm_is_imported(model_folder: ModelFolder) -> None:
    folder = model_folder("model.safetensors")
    code = (
        "import sys; from src.evaluation.cli import main; "
        f"code = main(['model={folder}', 'dataset=demand']); "
        "print(code, [name for name in ('vllm', 'torch', 'pandas') if name in sys.modules])"
    )
    done = command("-c", code)
    assert done.stdout.strip() == "2 []"
    assert "has no tokenizer" in done.stderr


@pytest.mark.smoke
def test_the_command_scores_a_model_whose_answers_are_known(two_answer_model: Path, tmp_path: Path) -> None:
    out, answers = tmp_path / "new" / "result.json", tmp_path / "answers.jsonl"
    done = command(
        "-m", "src.evaluate", f"model={two_answer_model}", "dataset=demand", *HALF_HOURLY, "horizon=24",
        "runs=8", "max_windows=6", f"out={out}", f"answers={answers}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    records = [json.loads(line) for line in answers.read_text().splitlines()]
    assert len(records) == 6 * 8
    good = [record for record in records if record["prediction"] is not None]
    assert all(record["prediction"] == [*GOOD, *GOOD] for record in good)
    # An answer is usable with probability 3/4, two in a row with 9/16: 48 runs have both kinds.
    failed = len(records) - len(good)
    assert 0 < failed < 48
    group, details = result["groups"]["demand"], result["details"]
    assert (group["questions"], group["answers"], group["failed"]) == (6, 48, failed)
    assert set(details["problems"]) == {"no rows", "roll 2: no rows"}
    assert sum(details["problems"].values()) == failed
    truths = {record["index"]: np.array(record["ground_truth"]) for record in good}
    errors = [truth - [*GOOD, *GOOD] for truth in truths.values()]
    mse = group["metrics"]["mse"]
    assert mse["value"] == pytest.approx(np.mean(np.square(errors)))
    assert group["metrics"]["mae"]["value"] == pytest.approx(np.mean(np.abs(errors)))
    assert mse["interval"][0] < mse["value"] < mse["interval"][1]
    assert set(group["baselines"]) == {"last_value", "last_day", "window_mean"}, "one day is shown"
    assert group["baselines"]["last_day"]["mse"]["value"] < mse["value"], "a constant is no match for yesterday"
    assert details["channels"]["demand"]["mse"] == mse["value"]
    assert (details["horizon"], details["rolls"], result["runs"], result["split"]) == (24, 2, 8, "test")
    assert len(result["fingerprint"]) == 64
    assert result["settings"]["max_windows"] == 6
    assert result["task"] == "data_pipelines.forecast.Forecast"
    assert result["dataset_settings"]["evaluation"]["target_length"] == 24
    # One token is the answer, one the end.
    assert result["speed"]["tokens"] == 2 * sum(len(record["responses"]) for record in records)
    assert result["speed"]["tokens_per_second"] > 0
    assert "last day" in done.stdout
    assert f"wrote {out}" in done.stdout


_PARITY = """
import json, sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from src.evaluation.generate import open_generator
from src.evaluation.prompts import PromptReader
from src.tasks.asking import Request
from src.evaluation.settings import EvaluationSettings

model = sys.argv[1]
prompts = [[{"role": "user", "content": f"forecast {number} 12.5 13.{number}"}] for number in range(3)]

def answer(temperature, prompts):
    settings = EvaluationSettings(temperature=temperature, max_tokens=30)
    requests = [Request(prompt, seed) for seed, prompt in enumerate(prompts)]
    with open_generator(model, settings, requests, 1) as generator:
        first = [one.text for one in generator.generate(requests)]
        again = [one.text for one in reversed(generator.generate(requests[::-1]))]
        long = generator.generate([Request([{"role": "user", "content": "9" * 600}], 0), requests[0]])
    return first, again, [long[0].problem, long[1].problem], long[1].tokens

tokenizer = AutoTokenizer.from_pretrained(model)
reference = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
expected = []
for prompt in prompts:
    tokens = torch.tensor([PromptReader(tokenizer).read(prompt).tokens])
    output = reference.generate(tokens, do_sample=False, max_new_tokens=30)[0, tokens.shape[1]:]
    expected.append(tokenizer.decode(output, skip_special_tokens=True))
print(json.dumps({"greedy": answer(0.0, prompts), "expected": expected, "sampled": answer(1.0, prompts)}))
"""


@pytest.mark.smoke
def test_greedy_text_is_that_of_transformers_and_sampled_text_repeats(tmp_path: Path, warm: Warm) -> None:
    from src.models.tiny import build

    settings = {
        "phrases": 20, "layers": 2, "width": 64, "heads": 2, "key_value_heads": 1, "feed_forward": 128,
        "context_length": 512,
    }  # fmt: skip
    folder = build(tmp_path / "model", ["forecast 1 12.5 13.1"] * 16, settings, seed=1)
    assert check_model(str(folder)) == str(folder)
    done = command("-c", _PARITY, str(folder), python=warm.python)
    assert done.returncode == 0, done.stderr
    texts = json.loads(done.stdout.splitlines()[-1])
    first, again, problems, tokens = texts["greedy"]
    assert first == again == texts["expected"]
    assert problems == ["the prompt fills the model's context", None]
    assert tokens > 0
    sampled, resampled, _, _ = texts["sampled"]
    assert sampled == resampled != first


@pytest.mark.smoke
def test_a_prompt_longer_than_the_models_context_is_a_mistake(
    two_answer_model: Path, tmp_path: Path, warm: Warm
) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    for file in two_answer_model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 64}))
    words = ("-m", "src.evaluate", f"model={folder}", "dataset=demand", f"out={tmp_path / 'x.json'}")
    done = command(*words, python=warm.python)
    assert done.returncode == 2
    assert "has a context of 64: give the dataset shorter prompts" in done.stderr
    assert not (tmp_path / "x.json").exists()
