"""A whole evaluation with a text generator that is a plain function: of toy sums, and of the demo's real series."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig
from toy_task import SETTINGS, Sums
from toys import GOOD, HALF_HOURLY

from src.config.group import compose_group
from src.errors import ConfigError, DataError, UserError
from src.evaluation import EvaluationSettings, evaluate
from src.evaluation.job import choose
from src.tasks.asking import Completion, Request, request_seed
from src.tasks.task import load_task

ModelFolder = Callable[..., Path]


class Scripted:
    """Gives every request the same answer, or what a function makes of its prompt."""

    def __init__(self, answer: str | Callable[[str], str]) -> None:
        self.answer = answer if callable(answer) else lambda prompt: answer
        self.requests: list[Request] = []
        self.seconds, self.prompt_tokens, self.tokens = 2.0, 30, 10

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        self.requests += requests
        return [Completion(self.answer(request.messages[0]["content"]), 5) for request in requests]

    @contextmanager
    def open(
        self, model: str, settings: EvaluationSettings, requests: Sequence[Request], turns: int
    ) -> Iterator["Scripted"]:
        self.opened = (model, [request.messages for request in requests], turns)
        yield self


@pytest.fixture
def model(model_folder: ModelFolder) -> str:
    return str(model_folder("tokenizer.json", "model.safetensors"))


def run(model: str, dataset: Any, generator: Scripted | None = None, **settings: Any) -> dict[str, Any]:
    return evaluate(
        model,
        dataset,
        EvaluationSettings(**settings),
        log=lambda text: None,
        opener=(generator or Scripted("7")).open,
    )


def constant(values: Sequence[float] = GOOD) -> Scripted:
    return Scripted("<think>-</think><answer>" + "\n".join(map(str, values)) + "</answer>")


def demand(*overrides: str) -> DictConfig:
    return compose_group("dataset", "demand", [*HALF_HOURLY, *overrides])


def test_a_result_has_one_form_whatever_the_task(model: str) -> None:
    generator = Scripted(lambda prompt: {"0": "0", "1": "two", "2": "4", "3": "5", "4": "8"}[prompt[0]])
    result = run(model, SETTINGS, generator, runs=2, seed=3)
    even, odd = result["groups"]["even"], result["groups"]["odd"]
    assert (even["lead"], even["questions"], even["items"], even["answers"], even["failed"]) == ("acc", 3, 3, 6, 0)
    assert even["metrics"]["acc"] == {"value": 1.0, "interval": [1.0, 1.0]}
    assert odd["metrics"] == {
        "acc": {"value": 0.0, "interval": [0.0, 0.0]},
        "acc_answered": {"value": 0.0, "interval": [0.0, 0.0]},
    }
    assert (odd["answers"], odd["failed"]) == (4, 2)
    assert even["baselines"] == {"zero": {"acc": {"value": 1 / 3, "interval": None}}}
    assert result["details"]["problems"] == {"not a number": 2}
    named = ("model_name", "dataset", "task", "split", "runs", "fingerprint", "truncated_frac")
    assert [result[name] for name in named] == [model, "sums", "toy_task.Sums", "test", 2, "sums-5", 0.0]
    assert result["settings"]["seed"] == 3
    assert result["dataset_settings"] == SETTINGS
    assert result["speed"]["tokens_per_second"] == 5.0
    json.dumps(result, allow_nan=False)


def test_every_question_is_asked_as_often_as_there_are_runs_with_seeds_of_their_own(model: str) -> None:
    generator, kept = Scripted("4"), []
    evaluate(
        model, SETTINGS, EvaluationSettings(runs=2, seed=7), log=lambda text: None, keep=kept.append,
        opener=generator.open,
    )  # fmt: skip
    prompts = [[{"role": "user", "content": f"{place} + {place} ="}] for place in range(5)]
    assert generator.opened == (model, prompts, 1)
    assert [request.messages for request in generator.requests] == [one for one in prompts for _ in range(2)]
    seeds = [request_seed(7, run, place, 0) for place in range(5) for run in range(2)]
    assert [request.seed for request in generator.requests] == seeds
    assert kept[5] == {
        "dataset": "even", "task": "", "split": "test", "index": 2, "run": 1, "info": {"terms": ["right"]},
        "ground_truth": 4, "prediction": 4, "problem": None, "prompts": [prompts[2]], "responses": ["4"],
    }  # fmt: skip
    assert len(kept) == 10


def test_a_subset_holds_as_many_of_each_source_and_is_fixed_by_the_seed(model: str) -> None:
    rows = Sums({**SETTINGS, "rows": 20}).rows("test")
    chosen = choose(rows, 3, seed=1)
    assert [row.source for row in chosen].count("even") == 3
    assert [row.index for row in chosen] == sorted(row.index for row in chosen)
    assert chosen == choose(rows, 3, seed=1) != choose(rows, 3, seed=2)
    assert choose(rows, None, 0) == choose(rows, 20, 0) == list(rows)
    result = run(model, {**SETTINGS, "rows": 20}, max_windows=3)
    assert [group["questions"] for group in result["groups"].values()] == [3, 3]


def test_models_of_other_seeds_are_asked_the_same_questions(model: str) -> None:
    generators = Scripted("4"), Scripted("4")
    found = [
        run(model, {**SETTINGS, "rows": 40}, generator, max_windows=3, seed=seed)
        for seed, generator in enumerate(generators, start=1)
    ]
    first, second = ([request.messages for request in one.requests] for one in generators)
    assert first == second
    assert {one.seed for one in generators[0].requests}.isdisjoint(one.seed for one in generators[1].requests)
    assert found[0]["groups"] == found[1]["groups"]
    other = run(model, {**SETTINGS, "rows": 40, "seed": 1}, generator := Scripted("4"), max_windows=3, seed=1)
    assert [request.messages for request in generator.requests] != first, "the dataset's seed draws them"
    assert other["settings"]["seed"] == 1


def test_greedy_decoding_is_one_run(model: str) -> None:
    result = run(model, SETTINGS, temperature=0.0, runs=5)
    assert (result["runs"], result["groups"]["even"]["answers"]) == (1, 3)


def test_errors_are_those_of_the_constant_answer_on_the_chosen_windows(model: str) -> None:
    generator = constant()
    result = run(model, demand(), generator, max_windows=5, runs=2)
    every = load_task(demand(), log=lambda text: None).rows("test")
    starts = {row.info["start"]: row for row in every}
    chosen = [starts[record["start"]] for record in result["details"]["windows"]]
    assert len({row.index for row in chosen}) == 5
    group = result["groups"]["demand"]
    assert group["lead"] == "mse"
    assert group["metrics"]["mse"]["value"] == pytest.approx(
        np.mean([np.mean((np.array(row.truth) - GOOD) ** 2) for row in chosen])
    )
    last = [np.mean(np.abs(np.array(row.truth) - row.info["history"][-1])) for row in chosen]
    assert group["baselines"]["last_value"]["mae"]["value"] == pytest.approx(np.mean(last))
    assert (result["dataset"], result["details"]["horizon"], result["details"]["rolls"]) == ("demand", 12, 1)
    assert generator.opened == (model, [request.messages for request in generator.requests[::2]], 1)


def test_a_task_of_several_turns_asks_for_them(model: str) -> None:
    generator, kept = constant(), []
    dataset = demand("dataset.evaluation.target_length=24")
    result = evaluate(
        model,
        dataset,
        EvaluationSettings(runs=1, max_windows=3),
        log=lambda text: None,
        keep=kept.append,
        opener=generator.open,
    )
    assert generator.opened[2] == 2
    assert (result["details"]["rolls"], len(generator.requests), len(kept)) == (2, 6, 3)
    first = kept[0]
    assert first["prediction"] == [*GOOD, *GOOD]
    assert len(first["responses"]) == len(first["prompts"]) == 2
    errors = (np.array(first["ground_truth"]) - first["prediction"]) ** 2
    assert result["details"]["windows"][0]["mse"] == pytest.approx(errors.mean())
    assert dataset == demand("dataset.evaluation.target_length=24"), "the caller's settings stay as they are"


def test_a_longer_horizon_is_refused_where_the_truth_is_shorter(model: str) -> None:
    generator = constant()
    with pytest.raises(ConfigError, match=r"horizon=24 is longer than the 12 true values .* split=val: .* split=test"):
        run(model, demand("dataset.evaluation.target_length=24"), generator, split="val")
    assert not generator.requests


def test_published_horizons_of_a_real_benchmark(model: str, shared_data: Path) -> None:
    words = [f"dataset.folder={shared_data}", "dataset.target=OT", "dataset.evaluation.target_length=336"]
    generator = constant([float(step) for step in range(96)])
    result = run(model, compose_group("dataset", "etth1", words), generator, runs=1)
    group = result["groups"]["etth1"]
    assert (result["details"]["rolls"], group["questions"], len(generator.requests)) == (4, 10, 40)
    assert result["details"]["windows"][0]["target_start"] == "2017-10-24 00:00:00"  # Time-R1's first test target
    assert group["failed"] == 0


@pytest.mark.parametrize(
    ("settings", "overrides", "message"),
    [
        ({}, ["dataset.evaluation.target_length=6"], "evaluation.target_length"),
        ({}, ["dataset.evaluation.target_length=5000"], "the test part is too short for one window"),
        ({}, ["dataset.context_length=5000"], "too short for one window"),
        ({}, ["dataset.task=nothing"], "dataset.task=nothing is not the dotted path of a task"),
        ({}, ["dataset.task=src.errors.UserError"], "dataset.task: 'src.errors.UserError' is not a Task"),
        ({"runs": 0}, [], "runs=0 is too small: set it to at least 1"),
        ({"temperature": -1.0}, [], "temperature=-1.0 is out of range"),
        ({"temperature": float("nan")}, [], "temperature=nan is out of range"),
        ({"top_p": 0.0}, [], "top_p=0.0 is out of range"),
        ({"seed": -1}, [], "seed=-1 is out of range"),
        ({"split": "dev"}, [], "split=dev does not exist: choose one of train, val, test"),
    ],
)
def test_what_cannot_be_evaluated_is_one_sentence(
    model: str, settings: dict[str, Any], overrides: list[str], message: str
) -> None:
    generator = constant()
    with pytest.raises(UserError) as error:
        run(model, demand(*overrides), generator, **settings)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not hasattr(generator, "opened"), "refused before a model is loaded"


def test_a_split_without_questions_is_refused(model: str) -> None:
    with pytest.raises(DataError, match="the split has no questions"):
        choose([], 2, 0)


def test_images_are_asked_with_their_question(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, generator = Sums(SETTINGS).rows("test"), Scripted("4")
    monkeypatch.setattr(Sums, "rows", lambda self, split: [replace(row, images=[b"png"]) for row in plain])
    run(model, SETTINGS, generator, runs=1)
    assert [request.images for request in generator.requests] == [[b"png"]] * len(plain)


def test_a_missing_data_file_names_the_fix(model: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"name its folder with dataset\.folder=DIR"):
        run(model, compose_group("dataset", "etth1", [f"dataset.folder={tmp_path}"]))


@pytest.mark.parametrize(
    ("names", "config", "message"),
    [
        (["tokenizer.json", "model.safetensors"], None, "has no config.json"),
        (["tokenizer.json", "model.safetensors"], "[", "config.json is not a JSON object"),
        (["model.safetensors"], "{}", "has no tokenizer"),
        (["vocab.json", "model.safetensors"], "{}", "has no tokenizer"),
        (["tokenizer.json"], "{}", "has no weights"),
    ],
)
def test_an_unfinished_model_folder(
    model_folder: ModelFolder, names: list[str], config: str | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run(str(model_folder(*names, config=config)), SETTINGS)


def test_a_folder_that_holds_the_model_one_level_deeper_is_named(model_folder: ModelFolder) -> None:
    folder = model_folder("tokenizer.json", "model.safetensors")
    with pytest.raises(ConfigError) as error:
        run(str(folder.parent), SETTINGS)
    assert f"did you mean {folder}?" in str(error.value)


@pytest.mark.parametrize("name", ["no/such/folder", "./model", "~/nowhere/model", "", "two words"])
def test_a_model_that_is_neither_a_folder_nor_a_hub_name(name: str) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        run(name, SETTINGS)


def test_a_model_that_the_hub_does_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match=r"model=some-one/no-model is not a folder here, and the hub does not"):
        run("some-one/no-model", SETTINGS)
