"""The order of the layers, what the user may swap, and that composing needs no torch."""

from collections.abc import Callable
from typing import Any

import pytest
from hydra.errors import ConfigCompositionException
from omegaconf import DictConfig, OmegaConf

from src.config import compose as module
from src.config.checks import check
from src.config.compose import as_typed, order_arguments
from src.config.stages import build_stages
from src.errors import ConfigError

SMOKE = ("+recipe=time_r1", "scale=smoke", "runtime=cpu")
LAYERS = ["+recipe=time_r1", "+scale=time_r1/smoke", "+runtime=cpu"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["+recipe=time_r1", "scale=smoke", "runtime=cpu", "seed=2", "run.name=a"],
        ["seed=2", "runtime=cpu", "run.name=a", "scale=smoke", "recipe=time_r1"],
        ["+runtime=cpu", "seed=2", "+scale=smoke", "+recipe=time_r1", "run.name=a"],
    ],
)
def test_layers_come_before_the_users_keys_in_their_order(arguments: list[str]) -> None:
    assert order_arguments(arguments) == ([*LAYERS, "seed=2", "run.name=a"], None)


@pytest.mark.parametrize(
    ("arguments", "ordered"),
    [
        (["-m", *SMOKE, "seed=1,2"], [*LAYERS, "seed=1,2", "-m"]),
        ([*SMOKE, "--cfg", "job", "seed=1"], [*LAYERS, "seed=1", "--cfg", "job"]),
        (["--help"], ["--help"]),
        (["~dataset.channels", *SMOKE], [*LAYERS, "~dataset.channels"]),
        (["seed=1"], ["seed=1"]),
    ],
)
def test_hydras_own_options_come_last_because_it_takes_them_nowhere_else(
    arguments: list[str], ordered: list[str]
) -> None:
    assert order_arguments(arguments) == (ordered, None)


@pytest.mark.parametrize(
    ("argument", "ordered"),
    [
        ("scale=smoke,demo", "+scale=time_r1/smoke,time_r1/demo"),
        ("scale=choice(smoke,demo)", "+scale=choice(time_r1/smoke,time_r1/demo)"),
    ],
)
def test_a_sweep_over_scales_finds_the_recipes_own(argument: str, ordered: str) -> None:
    assert ordered in order_arguments(["+recipe=time_r1", "runtime=cpu", argument])[0]


def test_a_sweep_over_runtimes_passes() -> None:
    arguments, _ = order_arguments(["+recipe=time_r1", "scale=smoke", "runtime=choice(cpu,gpu)"])
    assert arguments[-1] == "+runtime=choice(cpu,gpu)"


@pytest.mark.parametrize("layer", ["recipe", "scale", "runtime"])
def test_a_layer_given_twice_is_refused(layer: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{layer}= is given twice: a and b; give it once$"):
        order_arguments([f"+{layer}=a", f"{layer}=b"])


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("+recipe=time_r2", "unknown recipe 'time_r2'; choose one of: "),
        ("+recipe=time_r1 scale=huge", "unknown scale 'huge'; choose one of: demo, paper, smoke"),
        ("+recipe=time_r1 scale=smoke,huge", "unknown scale 'huge'; choose one of: demo, paper, smoke"),
        ("+recipe=time_r1 scale=demo_motions", "unknown scale 'demo_motions'; choose one of: demo, paper, smoke"),
        ("scale=huge", "unknown scale 'huge'; choose one of: demo, demo_motions, paper, smoke"),
        ("runtime=tpu", "unknown runtime 'tpu'; choose one of: cluster, cpu, gpu"),
    ],
)
def test_an_unknown_option_is_refused_with_those_that_exist(argument: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        order_arguments(argument.split())
    assert str(error.value).startswith(message)


def test_the_recipes_are_among_the_options() -> None:
    with pytest.raises(ConfigError, match=r"choose one of: .*time_r1"):
        order_arguments(["+recipe=nothing"])


@pytest.mark.parametrize(
    ("accelerator", "given", "layers", "note"),
    [
        (
            False,
            [],
            ["+scale=time_r1/demo", "+runtime=cpu"],
            "no accelerator was found: runtime=cpu scale=demo (give scale= and runtime= to choose otherwise)",
        ),
        (
            True,
            [],
            ["+scale=time_r1/paper", "+runtime=gpu"],
            "an accelerator was found: runtime=gpu scale=paper (give scale= and runtime= to choose otherwise)",
        ),
        (
            True,
            ["runtime=cpu"],
            ["+scale=time_r1/demo", "+runtime=cpu"],
            "an accelerator was found: runtime=cpu scale=demo (give scale= to choose otherwise)",
        ),
        (
            False,
            ["scale=paper"],
            ["+scale=time_r1/paper", "+runtime=cpu"],
            "no accelerator was found: runtime=cpu scale=paper (give runtime= to choose otherwise)",
        ),
    ],
)
def test_what_the_user_leaves_out_follows_the_machine_and_is_said(
    monkeypatch: pytest.MonkeyPatch, accelerator: bool, given: list[str], layers: list[str], note: str
) -> None:
    monkeypatch.setattr(module, "has_accelerator", lambda: accelerator)
    assert order_arguments(["+recipe=time_r1", *given]) == (["+recipe=time_r1", *layers], note)


def test_nothing_is_chosen_without_a_recipe() -> None:
    assert order_arguments(["seed=3"]) == (["seed=3"], None)


# Each is set by one layer at least, so that the user has somebody to win over.
USERS = {
    "data.train_batch_size": 6,
    "actor_rollout_ref.actor.optim.lr": 3e-6,
    "actor_rollout_ref.rollout.temperature": 0.7,
    "trainer.device": "cuda",
    "runtime.environment.OMP_NUM_THREADS": 7,
    "algorithm.grip.keep": 3,
    "dataset.max_windows.train": 8,
    "sft.optim.lr": 7e-3,
}


def test_the_user_wins_over_every_layer_though_the_keys_stand_first(compose_run: Callable[..., DictConfig]) -> None:
    layered = compose_run(*SMOKE)
    chosen = compose_run(*(f"{key}={value}" for key, value in USERS.items()), *SMOKE)
    assert {key: OmegaConf.select(chosen, key) for key in USERS} == USERS
    unchanged = [key for key, value in USERS.items() if OmegaConf.select(layered, key) in (None, value)]
    assert unchanged == []


def test_a_scale_wins_over_its_recipe(compose_run: Callable[..., DictConfig]) -> None:
    paper = compose_run("+recipe=time_r1", "scale=paper", "runtime=gpu")
    assert paper.actor_rollout_ref.rollout.n == 48  # the recipe's
    assert compose_run(*SMOKE).actor_rollout_ref.rollout.n == 4


def test_a_runtime_wins_over_verls_defaults(compose_run: Callable[..., DictConfig]) -> None:
    cpu = compose_run(*SMOKE)
    gpu = compose_run("+recipe=time_r1", "scale=paper", "runtime=gpu")
    assert (cpu.trainer.device, gpu.trainer.device) == ("cpu", "cuda")
    assert (cpu.sft.trainer.device, gpu.sft.trainer.device) == ("cpu", "cuda")


def _algorithm(cfg: DictConfig) -> dict[str, Any]:
    (rl,) = [stage for stage in build_stages(cfg) if stage.name == "rl"]
    assert not {"grip", "name", "path"} & set(rl.config.algorithm)  # veRL does not know them
    return OmegaConf.to_container(rl.config.trainer.v1.sampler.sampler_kwargs.algorithm)


def test_the_sampler_is_told_the_algorithm_and_its_settings(compose_run: Callable[..., DictConfig]) -> None:
    assert _algorithm(compose_run(*SMOKE, "algorithm.grip.sampling=local", "seed=7")) == {
        "path": "src.algorithms.grip.Grip",
        "name": "grip",
        "settings": {"keep": 2, "sampling": "local", "clusters": 4, "clustering": "kmeans", "weights": "softmax",
                     "tau": 1.0, "floor": 0.1, "seed": 7},
    }  # fmt: skip


@pytest.mark.parametrize("scale", ["smoke", "paper"])
def test_another_algorithm_is_chosen_though_recipe_and_scale_set_grips_keys(
    compose_run: Callable[..., DictConfig], scale: str
) -> None:
    cfg = compose_run("+recipe=time_r1", f"scale={scale}", "runtime=cpu", "algorithm=grpo")
    assert _algorithm(cfg) == {"path": "src.algorithms.grpo.Grpo", "name": "grpo", "settings": {"seed": 1}}
    assert cfg.algorithm.adv_estimator == "grpo"


PAPER_ON_NASDAQ = (*SMOKE, "reward=time_r1_paper", "dataset=nasdaq", "model=path", "model.path=org/name")
RELEASED_ON_CSV = (
    *SMOKE,
    "reward=time_r1_released",
    "dataset=csv",
    "dataset.path=a.csv",
    "dataset.target=[load,price]",
)


@pytest.mark.parametrize(("arguments", "preset"), [(PAPER_ON_NASDAQ, "paper"), (RELEASED_ON_CSV, "released")])
def test_a_reward_swaps_whole(compose_run: Callable[..., DictConfig], arguments: tuple[str, ...], preset: str) -> None:
    chosen = compose_run(*arguments).reward.custom_reward_function
    assert chosen.path == "pkg://recipes.time_r1.reward"
    assert chosen.reward_kwargs.preset == preset
    assert "min_agreement" not in chosen.reward_kwargs  # the strict preset's


def test_a_dataset_swaps_whole(compose_run: Callable[..., DictConfig]) -> None:
    dataset = compose_run(*PAPER_ON_NASDAQ).dataset
    assert (dataset.name, dataset.context_length, dataset.horizon) == ("nasdaq", 36, 36)
    assert dataset.packaged is None  # the demo's


def test_any_csv_is_a_dataset(compose_run: Callable[..., DictConfig]) -> None:
    dataset = compose_run(*RELEASED_ON_CSV).dataset
    assert (dataset.name, dataset.path, dataset.target) == ("csv", "a.csv", ["load", "price"])


def test_a_model_swaps_and_its_length_is_its_own(compose_run: Callable[..., DictConfig]) -> None:
    cfg = compose_run(*PAPER_ON_NASDAQ)
    assert cfg.model.path == "org/name"
    check(cfg)  # the scale's sizes for a model that is built are not asked for


def test_an_unknown_key_is_refused_by_name(compose_run: Callable[..., DictConfig]) -> None:
    with pytest.raises(ConfigCompositionException) as error:
        compose_run(*SMOKE, "logging.wandbb=off")
    assert "Key 'wandbb' is not in struct" in str(error.value.__cause__)


@pytest.mark.parametrize("arguments", [SMOKE, ("-m", *SMOKE, "seed=1")])
def test_what_hydra_was_given_can_be_typed_again(arguments: tuple[str, ...]) -> None:
    ordered, _ = order_arguments(arguments)
    overrides = [argument for argument in ordered if not argument.startswith("-")]
    assert as_typed(overrides) == ["+recipe=time_r1", "scale=smoke", "runtime=cpu", *arguments[4:]]
    assert order_arguments(as_typed(overrides))[0] == overrides
