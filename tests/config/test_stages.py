"""What a stage is given when its place is known."""

from collections.abc import Callable
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from src.config.stages import Places, build_stages, place
from src.patches import WEIGHTS_KEY


def test_every_run_has_a_key_of_its_own_for_its_sockets(compose_run: Callable[..., DictConfig]) -> None:
    cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu", "stages=[rl]")
    (stage,) = build_stages(cfg)

    def key(run: str) -> str:
        places = Places(Path(run), "model", Path("train.parquet"), Path("val.parquet"), "python")
        return place(stage, places).ray_kwargs.ray_init.runtime_env.env_vars[WEIGHTS_KEY]

    assert key("outputs/one") == key("outputs/one") != key("outputs/two")


def test_settings_of_a_reward_are_those_of_the_stages_own_dataset(compose_run: Callable[..., DictConfig]) -> None:
    words = ("+recipe=time_r1", "scale=smoke", "runtime=cpu", "+stage.second.kind=rl", "stages=[rl,second]")
    cfg = compose_run(*words, "dataset=exchange", "+stage.second.dataset.reward.slope=2")

    def given(cfg: DictConfig) -> list[tuple[str, float]]:
        functions = [
            stage.config.reward.custom_reward_function.reward_kwargs.function.reward_kwargs
            for stage in build_stages(cfg)
        ]
        return [(one.naive, one.slope) for one in functions]

    assert given(cfg) == [("last_value", 0.5), ("last_value", 2)]
    word = "reward.custom_reward_function.reward_kwargs.slope=3"
    assert given(compose_run(*words, "dataset=exchange", word)) == [("last_value", 3)] * 2
    assert given(compose_run(*words)) == [("last_day", 4.0)] * 2


def test_rows_with_images_bring_their_dataset_and_their_limit(compose_run: Callable[..., DictConfig]) -> None:
    def placed(images: int, *words: str) -> dict[str, DictConfig]:
        cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu", *words)
        places = Places(Path("run"), "model", Path("train.parquet"), Path("val.parquet"), "python", images=images)
        return {stage.name: place(stage, places) for stage in build_stages(cfg)}

    text, images = placed(0), placed(2)
    assert text["sft"].data.custom_cls.path is None
    assert images["sft"].data.custom_cls == {"path": "pkg://src.training.image_rows", "name": "SFTRows"}
    assert (text["rl"].data.custom_cls.path, images["rl"].data.custom_cls.name) == (None, "RLRows")
    vllm = "actor_rollout_ref.rollout.engine_kwargs.vllm"
    assert OmegaConf.select(text["rl"], f"{vllm}.limit_mm_per_prompt") is None
    assert OmegaConf.select(images["rl"], f"{vllm}.limit_mm_per_prompt") == {"image": 2, "video": 0}
    own = placed(2, f"+{vllm}.limit_mm_per_prompt={{image:5}}", "sft.data.custom_cls.path=pkg://own")
    assert OmegaConf.select(own["rl"], f"{vllm}.limit_mm_per_prompt") == {"image": 5}
    assert own["sft"].data.custom_cls.path == "pkg://own"


def test_a_frozen_vision_tower_reaches_the_engine(compose_run: Callable[..., DictConfig]) -> None:
    words = ("+recipe=time_r1", "scale=smoke", "runtime=cpu", "stages=[rl]")
    for frozen in (True, False):
        cfg = compose_run(*words, f"actor_rollout_ref.actor.freeze_vision_tower={frozen}")
        (stage,) = build_stages(cfg)
        assert ("freeze_vision_tower" in stage.config.actor_rollout_ref.model.override_config) is frozen
