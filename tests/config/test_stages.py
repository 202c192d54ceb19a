"""What a stage is given when its place is known."""

from collections.abc import Callable
from pathlib import Path

from omegaconf import DictConfig

from src.config.stages import Places, build_stages, place
from src.patches import WEIGHTS_KEY


def test_every_run_has_a_key_of_its_own_for_its_sockets(compose_run: Callable[..., DictConfig]) -> None:
    cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu", "stages=[rl]")
    (stage,) = build_stages(cfg)

    def key(run: str) -> str:
        places = Places(Path(run), "model", Path("train.parquet"), Path("val.parquet"), "python")
        return place(stage, places).ray_kwargs.ray_init.runtime_env.env_vars[WEIGHTS_KEY]

    assert key("outputs/one") == key("outputs/one") != key("outputs/two")
