"""What a stage's node can say, and how the run's configuration looks from that stage."""

from collections.abc import Callable
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from src.config.checks import check
from src.config.compose import CONF, as_typed, order_arguments
from src.config.stage_node import merged, seen_by, settle
from src.config.stages import Stage, build_stages
from src.errors import ConfigError

SMOKE = ("+recipe=time_r1", "scale=smoke", "runtime=cpu")
THREE = (*SMOKE, "stages=[sft,perception,reasoning]", "stage.perception.kind=rl", "stage.reasoning.kind=rl")
CHOICES = {"dataset": "demand", "reward": "time_r1", "algorithm": "grip"}  # the run's own, as Hydra tells a launch
ComposeRun = Callable[..., DictConfig]


def staged(cfg: DictConfig) -> dict[str, Stage]:
    settle(cfg, CHOICES)
    check(cfg)
    return {stage.name: stage for stage in build_stages(cfg)}


def plain(cfg: DictConfig) -> Any:
    return OmegaConf.to_container(cfg, resolve=False)


def test_three_stages_have_their_trainers_in_their_order(compose_run: ComposeRun) -> None:
    stages = staged(compose_run(*THREE))
    assert [(stage.name, stage.trainer) for stage in stages.values()] == [
        ("sft", "sft"),
        ("perception", "ppo"),
        ("reasoning", "ppo"),
    ]
    kwargs = stages["reasoning"].config.trainer.v1.sampler.sampler_kwargs
    assert kwargs.stage == "reasoning"


def test_a_key_of_one_stage_is_set_without_a_plus_and_there_alone(compose_run: ComposeRun) -> None:
    stages = staged(
        compose_run(
            *THREE,
            "stage.perception.data.train_batch_size=8",
            "stage.reasoning.actor_rollout_ref.actor.clip_ratio_high=0.28",
            "+stage.sft.optim.lr=0.5",
            "sft.trainer.total_training_steps=7",
        )
    )
    assert [stage.config.data.train_batch_size for stage in stages.values()] == [8, 8, 4]
    assert stages["sft"].config.optim.lr == 0.5 and stages["sft"].config.trainer.total_training_steps == 7
    clips = [stages[name].config.actor_rollout_ref.actor.clip_ratio_high for name in ("perception", "reasoning")]
    assert clips == [0.2, 0.28]


def test_the_default_stages_are_as_they_would_be_without_nodes(compose_run: ComposeRun) -> None:
    config = plain(compose_run(*SMOKE))
    sft, rl = seen_by("sft", config), seen_by("rl", config)
    assert rl | {"stage": None} == config | {"stage": None}
    assert sft | {"stage": None} == {key: config[key] for key in sft} | {"stage": None}
    assert {"sft", "dataset", "model", "seed", "trainer"} < set(sft) and "actor_rollout_ref" not in sft


def test_an_option_of_a_stage_takes_the_place_of_the_runs_own(compose_run: ComposeRun) -> None:
    cfg = compose_run(
        *THREE,
        "stage.perception.dataset=etth1",
        "stage.perception.dataset.horizon=24",
        "stage.perception.reward=time_r1_paper",
        "stage.reasoning.algorithm=grpo",
        "stage.reasoning.dataset.horizon=12",
    )
    stages = staged(cfg)
    one, two = stages["perception"], stages["reasoning"]
    assert (one.dataset.name, one.dataset.horizon, one.dataset.file) == ("etth1", 24, "ETTh1.csv")
    assert "chosen" not in one.dataset and "option" not in one.dataset
    assert (two.dataset.name, two.dataset.horizon) == ("demand", 12)
    assert (stages["sft"].dataset.name, stages["sft"].dataset.horizon) == ("demand", 6)
    adapter = one.config.reward.custom_reward_function.reward_kwargs
    settings = adapter.function.reward_kwargs
    assert settings.preset == "paper" and "format" not in settings and adapter.dataset == one.dataset
    assert one.config.reward.num_workers == 1  # the runtime's
    assert two.config.reward.custom_reward_function.reward_kwargs.function.reward_kwargs.preset == "strict"
    # What the scale changed in demand counts for etth1, where both files say the same.
    assert one.dataset.max_windows == {"train": 10000, "val": 70, "test": 4}
    assert one.dataset.task == "recipes.time_r1.task.TimeR1"
    # The record holds all of the option, and is settled once.
    assert cfg.stage.perception.dataset.chosen == "etth1" and cfg.stage.perception.dataset.context_length == 96
    before = plain(cfg)
    settle(cfg, CHOICES)
    assert plain(cfg) == before


def test_a_recipes_file_can_say_it_too_and_the_command_line_goes_on_from_it(tmp_path: Any) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "mine.yaml").write_text(
        "# @package _global_\n"
        "recipe: mine\n"
        "stages: [perception, reasoning]\n"
        "stage:\n"
        "  perception: {kind: rl, dataset: {option: etth1, horizon: 24}, algorithm: {option: grpo}}\n"
        "  reasoning: {kind: rl, data: {train_batch_size: 32}}\n"
    )
    with initialize_config_dir(str(CONF), version_base="1.3"):
        typed = ["stage.perception.dataset.stride=3", "stage.reasoning.dataset=wind"]
        words = ["+recipe=mine", *order_arguments(typed)[0]]
        cfg = compose("config", overrides=[f"hydra.searchpath=[file://{tmp_path}]", *words])
    settle(cfg, CHOICES)
    seen = {name: seen_by(name, plain(cfg)) for name in cfg.stages}
    dataset = seen["perception"]["dataset"]
    assert (dataset["name"], dataset["horizon"], dataset["stride"]) == ("etth1", 24, 3)
    assert seen["perception"]["algorithm"]["name"] == "grpo"
    assert seen["reasoning"]["dataset"]["name"] == "wind" and seen["reasoning"]["data"]["train_batch_size"] == 32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["stage.perception.actor_rollout_ref.actor.clip_ratio_hig=0.3"],
            "stage.perception.actor_rollout_ref.actor.clip_ratio_hig: there is no such key; "
            "did you mean stage.perception.actor_rollout_ref.actor.clip_ratio_high?",
        ),
        (
            ["stage.perception.train_batch_size=4"],
            "stage.perception.train_batch_size: there is no such key; "
            "did you mean stage.perception.data.train_batch_size?",
        ),
        (
            ["stage.perception.datset=etth1"],
            "stage.perception.datset: there is no such key; did you mean stage.perception.dataset?",
        ),
        (
            ["stage.perception.dataset.horizn=3"],
            "stage.perception.dataset.horizn: there is no such key; did you mean stage.perception.dataset.horizon?",
        ),
        (
            ["stage.sft.optim.l=1"],
            "stage.sft.optim.l: there is no such key; did you mean stage.sft.optim.lr?",
        ),
        (
            ["stage.perception.model.path=mine"],
            "stage.perception.model: there is no such key; did you mean stage.perception.actor_rollout_ref.model?",
        ),
        (
            ["stage.percepton.data.train_batch_size=4"],
            "stage.percepton says nothing of its trainer (did you mean perception?): "
            "give stage.percepton.kind=sft or =rl",
        ),
        (["stage.perception.kind=dpo"], "stage.perception.kind=dpo: choose one of sft, rl"),
        (["stage.sft.reward=time_r1"], "stage.sft.reward: an SFT stage has no reward; leave it out"),
        (
            ["stage.preload.kind=rl"],
            "a stage cannot be called 'preload': use letters, digits, - and _, and not a log's name",
        ),
        (
            ["stage.perception.data.train_batch_size=1"],
            "stage perception: actor_rollout_ref.actor.ppo_mini_batch_size=4 is more than data.train_batch_size=1 "
            "prompts: lower it",
        ),
        (
            ["stage.perception.reference=first", "actor_rollout_ref.actor.use_kl_loss=false"],
            "stage perception: reference=first has no use without KL: "
            "set actor_rollout_ref.actor.use_kl_loss=true or leave it out",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_the_stage(compose_run: ComposeRun, arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        staged(compose_run(*THREE, *arguments))
    assert str(error.value) == message


def test_a_bare_name_in_a_file_is_refused_because_a_mapping_would_replace_it(compose_run: ComposeRun) -> None:
    cfg = compose_run(*THREE)
    OmegaConf.update(cfg, "stage.reasoning.dataset", "etth1", force_add=True)
    with pytest.raises(ConfigError, match=r"^stage\.reasoning\.dataset: etth1: a file says \{option: etth1\}$"):
        staged(cfg)


def test_an_option_that_does_not_exist_is_named_with_its_stage(compose_run: ComposeRun) -> None:
    with pytest.raises(ConfigError, match=r"^stage\.sft\.dataset=etth9: there is no dataset 'etth9': choose one of "):
        staged(compose_run(*THREE, "stage.sft.dataset=etth9"))


@pytest.mark.parametrize(
    ("typed", "hydras"),
    [
        ("stage.a.data.train_batch_size=4", "++stage.a.data.train_batch_size=4"),
        ("stage.a.dataset=etth1,wind", "++stage.a.dataset.option=etth1,wind"),
        ("stage.a.reward=time_r1", "++stage.a.reward.option=time_r1"),
        ("stage.a.dataset={horizon: 3}", "++stage.a.dataset={horizon: 3}"),
        ("stage.a.reference=first", "++stage.a.reference=first"),
        ("~stage.a.dataset", "~stage.a.dataset"),
    ],
)
def test_the_command_line_is_rewritten_for_hydra_and_back(typed: str, hydras: str) -> None:
    assert order_arguments([typed])[0] == [hydras]
    assert as_typed([hydras]) == [typed]


def test_without_kl_verl_needs_no_reference_model(compose_run: ComposeRun) -> None:
    stages = staged(compose_run(*THREE, "stage.reasoning.actor_rollout_ref.actor.use_kl_loss=false"))
    from verl.trainer.ppo.utils import need_reference_policy

    assert need_reference_policy(stages["perception"].config)
    assert not need_reference_policy(stages["reasoning"].config)


def test_what_is_laid_over_replaces_all_but_mappings() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": None}
    assert merged(base, {"a": {"c": [3]}, "d": {"e": 5}}) == {"a": {"b": 1, "c": [3]}, "d": {"e": 5}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": None}
