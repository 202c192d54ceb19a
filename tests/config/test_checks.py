"""What cannot run is refused before anything starts, with the key to change."""

from collections.abc import Callable

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.checks import check
from src.config.stages import build_stages
from src.errors import ConfigError

Change = dict[str, object]


@pytest.fixture
def checked(compose_run: Callable[..., DictConfig]) -> Callable[[Change], None]:
    """Return a function that changes keys of the smoke run (4 prompts, 4 rollouts, keep 2, 1 worker) and checks it."""

    def apply(change: Change) -> None:
        cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu")
        for key, value in change.items():
            OmegaConf.update(cfg, key, value)
        check(cfg)

    return apply


def test_the_unchanged_run_passes(checked: Callable[[Change], None]) -> None:
    checked({})


BATCHES: tuple[tuple[Change, str], ...] = (
    ({"data.train_batch_size": 0}, "data.train_batch_size=0: give a whole number of at least 1"),
    ({"data.train_batch_size": 2.5}, "data.train_batch_size=2.5: give a whole number of at least 1"),
    ({"actor_rollout_ref.rollout.n": "many"}, "actor_rollout_ref.rollout.n=many: give a whole number of at least 1"),
    ({"algorithm.grip.keep": True}, "algorithm.grip.keep=True: give a whole number of at least 1"),
    ({"trainer.n_gpus_per_node": 0}, "trainer.n_gpus_per_node=0: give a whole number of at least 1"),
    (
        {"algorithm.grip.keep": 5},
        "algorithm.grip.keep=5 is more than the 4 rollouts that are sampled per prompt: "
        "raise actor_rollout_ref.rollout.n or lower algorithm.grip.keep",
    ),
    (
        {"algorithm.grip.keep": 1},
        "one rollout per prompt has no group to compare with: "
        "give actor_rollout_ref.rollout.n and algorithm.grip.keep at least 2",
    ),
    (
        {"actor_rollout_ref.rollout.n": 1, "algorithm.grip.keep": 1},
        "one rollout per prompt has no group to compare with: "
        "give actor_rollout_ref.rollout.n and algorithm.grip.keep at least 2",
    ),
    (
        {"actor_rollout_ref.actor.ppo_mini_batch_size": 5},
        "actor_rollout_ref.actor.ppo_mini_batch_size=5 is more than data.train_batch_size=4 prompts: lower it",
    ),
    (
        {"trainer.n_gpus_per_node": 3, "sft.data.train_batch_size": 9},
        "data.train_batch_size=4 prompts x 2 rollouts cannot be shared by 3 workers: "
        "make their product a multiple of 3",
    ),
    (
        {"trainer.n_gpus_per_node": 4, "actor_rollout_ref.actor.ppo_mini_batch_size": 1},
        "actor_rollout_ref.actor.ppo_mini_batch_size=1 prompts x 2 rollouts cannot be shared by 4 workers: "
        "make their product a multiple of 4",
    ),
    (
        {"trainer.n_gpus_per_node": 2, "sft.data.train_batch_size": 7},
        "sft.data.train_batch_size=7 cannot be shared by 2 workers: give a multiple of 2",
    ),
    (
        {"sft.trainer.n_gpus_per_node": 3},
        "sft.data.train_batch_size=8 cannot be shared by 3 workers: give a multiple of 3",
    ),
    ({"trainer.save_freq": -1}, "trainer.save_freq=-1: give a whole number of at least 1"),
    (
        {"algorithm.use_kl_in_reward": True},
        "KL is applied twice: set algorithm.use_kl_in_reward=false or actor_rollout_ref.actor.use_kl_loss=false",
    ),
)


@pytest.mark.parametrize(("change", "message"), BATCHES)
def test_an_impossible_batch(checked: Callable[[Change], None], change: Change, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        checked(change)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "change",
    [
        {"trainer.n_gpus_per_node": 2},
        {"actor_rollout_ref.actor.ppo_mini_batch_size": 2},
        {"algorithm.use_kl_in_reward": True, "actor_rollout_ref.actor.use_kl_loss": False},
        {"algorithm.grip.keep": 4},
    ],
)
def test_a_possible_batch_passes(checked: Callable[[Change], None], change: Change) -> None:
    checked(change)


LENGTHS: tuple[tuple[Change, str], ...] = (
    (
        {"data.max_prompt_length": 500},
        "data.max_prompt_length + data.max_response_length = 532 is more than "
        "actor_rollout_ref.rollout.max_model_len=512: raise it",
    ),
    (
        {"data.max_response_length": 800, "actor_rollout_ref.rollout.max_model_len": None},
        "data.max_prompt_length + data.max_response_length = 1120 is more than "
        "model.build.context_length=1024: raise it",
    ),
    ({"data.max_prompt_length": -1}, "data.max_prompt_length=-1: give a whole number of at least 1"),
)


@pytest.mark.parametrize(("change", "message"), LENGTHS)
def test_lengths_that_do_not_fit(checked: Callable[[Change], None], change: Change, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        checked(change)
    assert str(error.value) == message


def test_the_length_of_a_model_that_is_not_built_is_not_ours_to_know(checked: Callable[[Change], None]) -> None:
    checked({"data.max_response_length": 800, "actor_rollout_ref.rollout.max_model_len": None, "model.path": "folder"})


MISSING: tuple[tuple[str, str], ...] = (
    ("recipe", "no recipe is given: python -m src.launch +recipe=time_r1"),
    ("scale", "scale= is missing"),
    ("runtime.name", "runtime= is missing"),
    ("model.path", "model.path= must be given for this choice of groups"),
)


@pytest.mark.parametrize(("key", "message"), MISSING)
def test_a_choice_that_is_missing(checked: Callable[[Change], None], key: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        checked({key: "???"})
    assert str(error.value) == message


TYPES: tuple[tuple[Change, str], ...] = (
    ({"seed": "one"}, "seed=one: give a whole number"),
    ({"seed": True}, "seed=True: give a whole number"),
    ({"logging.samples_per_step": 1.5}, "logging.samples_per_step=1.5: give a whole number"),
    ({"launch.dry_run": "maybe"}, "launch.dry_run=maybe: give true or false"),
    ({"run.fresh": 1}, "run.fresh=1: give true or false"),
    ({"stages": "sft"}, "stages=sft: give a list, such as [sft,rl]"),
)


@pytest.mark.parametrize(("change", "message"), TYPES)
def test_our_own_keys_are_typed(checked: Callable[[Change], None], change: Change, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        checked(change)
    assert str(error.value) == message


def test_texts_and_nothing_are_free(checked: Callable[[Change], None]) -> None:
    checked({"run.name": 2024, "run.folder": "elsewhere", "evaluation.max_windows": None})


def test_a_cluster_needs_its_address(compose_run: Callable[..., DictConfig]) -> None:
    cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cluster", "ray.address=host:6379")
    check(cfg)
    (rl,) = [stage for stage in build_stages(cfg) if stage.name == "rl"]
    assert rl.config.ray_kwargs.ray_init.address == "auto"
    cfg.ray.address = "???"
    with pytest.raises(ConfigError, match=r"^ray\.address= must be given for this choice of groups$"):
        check(cfg)


def test_stages_that_are_not_trained_are_not_checked(checked: Callable[[Change], None]) -> None:
    checked({"stages": ["sft"], "algorithm.grip.keep": 99, "data.max_prompt_length": 9999})
    checked({"stages": ["rl"], "sft.data.train_batch_size": -1})


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([], "stages=[] trains nothing: give stages=[sft,rl], [sft] or [rl]"),
        (
            ["sft", "dpo"],
            "unknown stage 'dpo': stages are sft, rl, and stage.dpo.kind=sft or =rl makes another",
        ),
        (
            ["sft", "sfx"],
            "unknown stage 'sfx' (did you mean sft?): stages are sft, rl, and stage.sfx.kind=sft or =rl makes another",
        ),
        (["rl", "rl"], "stages=[rl,rl] names a stage twice: give the second one a node of its own"),
    ],
)
def test_stages_that_do_not_exist(compose_run: Callable[..., DictConfig], stages: list[str], message: str) -> None:
    cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu")
    cfg.stages = stages
    with pytest.raises(ConfigError) as error:
        build_stages(cfg)
    assert str(error.value) == message
