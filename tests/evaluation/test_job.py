"""A whole evaluation with a text generator that is a plain function, on the demo's real series."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig
from toys import GOOD, HALF_HOURLY

from data_pipelines.dataset import load_dataset
from src.config.group import compose_group
from src.errors import ConfigError, DataError, UserError
from src.evaluation import EvaluationSettings, evaluate
from src.evaluation.requests import Completion, Request

ModelFolder = Callable[..., Path]


class Scripted:
    """Gives every request the same answer."""

    def __init__(self, values: Sequence[float]) -> None:
        self.text = "<think>-</think><answer>" + "\n".join(map(str, values)) + "</answer>"
        self.requests: list[Request] = []
        self.seconds, self.prompt_tokens, self.tokens = 2.0, 30, 10

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        self.requests += requests
        return [Completion(self.text, 5)] * len(requests)

    @contextmanager
    def open(
        self, model: str, settings: EvaluationSettings, prompts: Sequence[str], rolls: int
    ) -> Iterator["Scripted"]:
        self.opened = (model, list(prompts), rolls)
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
        opener=(generator or Scripted(GOOD)).open,
    )


def demand(*overrides: str) -> DictConfig:
    return compose_group("dataset", "demand", [*HALF_HOURLY, *overrides])


def test_the_errors_are_those_of_the_constant_answer_on_the_chosen_windows(model: str) -> None:
    generator = Scripted(GOOD)
    result = run(model, demand(), generator, max_windows=5, runs=2)
    every = load_dataset(demand()).samples("test")
    starts = {one.history_labels[0]: one for one in every}
    chosen = [starts[record["start"]] for record in result["windows"]]
    assert len(set(chosen)) == 5
    assert result["model"]["mse"] == pytest.approx(
        np.mean([np.mean((np.array(one.target) - GOOD) ** 2) for one in chosen])
    )
    last = [np.mean(np.abs(np.array(one.target) - one.history[-1])) for one in chosen]
    assert result["baselines"]["last_value"]["mae"] == pytest.approx(np.mean(last))
    assert (result["dataset"], result["horizon"], result["rolls"], result["runs"]) == ("demand", 12, 1, 2)
    assert result["fingerprint"] == load_dataset(demand()).fingerprint
    assert generator.opened == (model, [request.prompt for request in generator.requests[::2]], 1)
    assert result["speed"]["tokens_per_second"] == 5.0
    json.dumps(result, allow_nan=False)


def test_rolling_to_24_asks_twice_and_scores_24_true_values(model: str) -> None:
    generator, kept = Scripted(GOOD), []
    result = evaluate(
        model,
        demand(),
        EvaluationSettings(horizon=24, runs=1, max_windows=3),
        log=lambda text: None,
        keep=kept.append,
        opener=generator.open,
    )
    assert (result["rolls"], len(generator.requests), len(kept)) == (2, 6, 3)
    first = kept[0]
    assert first["prediction"] == [*GOOD, *GOOD]
    errors = (np.array(first["ground_truth"]) - [*GOOD, *GOOD]) ** 2
    assert len(errors) == 24
    assert result["windows"][0]["mse"] == pytest.approx(errors.mean())
    second_history = " ".join(f"{value:.1f}" for value in [*first["history"][12:], *GOOD])
    assert second_history in first["prompts"][1]
    assert len(first["responses"]) == 2


def test_rolled_timestamps_are_those_of_the_real_rows(model: str) -> None:
    generator = Scripted(GOOD)
    run(model, demand("dataset.prompt.timestamps=rows"), generator, horizon=24, runs=1, max_windows=1)
    data = load_dataset(demand("dataset.prompt.timestamps=rows", "dataset.evaluation.target_length=24"))
    start = next(one for one in data.samples("test") if data.prompt(one) == generator.requests[0].prompt)
    labels = [*start.history_labels, *start.target_labels][12 : 12 + 48]
    table = generator.requests[1].prompt.split("```")[1].strip().splitlines()[1:]
    assert [row.rpartition(" ")[0] for row in table] == labels


def test_published_horizons_of_a_real_benchmark(model: str, shared_data: Path) -> None:
    dataset = compose_group("dataset", "etth1", [f"dataset.folder={shared_data}", "dataset.target=OT"])
    generator = Scripted([float(step) for step in range(96)])
    result = run(model, dataset, generator, horizon=336, runs=1)
    assert (result["rolls"], result["model"]["windows"], len(generator.requests)) == (4, 10, 40)
    assert result["windows"][0]["target_start"] == "2017-10-24 00:00:00"  # Time-R1's first test target
    assert result["model"]["fail_frac"] == 0


def test_greedy_decoding_is_one_run(model: str) -> None:
    result = run(model, demand(), temperature=0.0, runs=5, max_windows=2)
    assert (result["runs"], result["model"]["answers"]) == (1, 2)


def test_the_subset_is_fixed_by_the_seed(model: str) -> None:
    def starts(seed: int) -> list[str]:
        windows = run(model, demand(), runs=1, max_windows=4, seed=seed)["windows"]
        return [window["start"] for window in windows]

    assert starts(0) == starts(0) == sorted(starts(0))
    assert starts(0) != starts(1)


def test_the_callers_settings_stay_as_they_are(model: str) -> None:
    dataset = demand()
    run(model, dataset, horizon=24, runs=1, max_windows=1)
    assert dataset == demand()


@pytest.mark.parametrize(
    ("settings", "overrides", "message"),
    [
        (
            {"horizon": 6},
            [],
            "horizon=6 is shorter than one answer (12 steps): set dataset.horizon=6 instead",
        ),
        ({"horizon": 24, "split": "val"}, [], "split=val: rolling forecasts need split=test"),
        ({"horizon": 5000}, [], "the test part is too short for one window"),
        ({}, ["dataset.context_length=5000"], "too short for one window"),
        ({}, ["dataset.builder=nothing"], "dataset.builder is not the dotted path of a function"),
        ({}, ["dataset.builder=src.errors.build"], "'src.errors' has no function 'load_dataset'"),
        ({}, ["dataset.horizon=null"], "dataset.horizon is None"),
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
    generator = Scripted(GOOD)
    with pytest.raises(UserError) as error:
        run(model, demand(*overrides), generator, **settings)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not hasattr(generator, "opened"), "refused before a model is loaded"


def test_a_builder_without_windows(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_pipelines.dataset.ForecastDataset.samples", lambda self, split: [])
    with pytest.raises(DataError, match="the test split has no windows"):
        run(model, demand())


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
        run(str(model_folder(*names, config=config)), demand())


def test_a_folder_that_holds_the_model_one_level_deeper_is_named(model_folder: ModelFolder) -> None:
    folder = model_folder("tokenizer.json", "model.safetensors")
    with pytest.raises(ConfigError) as error:
        run(str(folder.parent), demand())
    assert f"did you mean {folder}?" in str(error.value)


@pytest.mark.parametrize("name", ["no/such/folder", "./model", "~/nowhere/model", "", "two words"])
def test_a_model_that_is_neither_a_folder_nor_a_hub_name(name: str) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        run(name, demand())


def test_a_model_that_the_hub_does_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match=r"model=some-one/no-model is not a folder here, and the hub does not"):
        run("some-one/no-model", demand())
