"""An algorithm of the user's own is found, and refused with one sentence before anything starts."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.algorithm import make_algorithm
from src.config.checks import check
from src.config.stages import build_stages
from src.errors import ConfigError

OWN = """
from dataclasses import dataclass
from src.algorithms.algorithm import Algorithm

@dataclass(frozen=True, kw_only=True)
class Own(Algorithm):
    margin: float
    rounds: int = 3

class Bare(Algorithm):
    pass

class Other:
    pass
"""


@pytest.fixture(autouse=True)
def _own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_algorithm.py").write_text(OWN)
    (tmp_path / "broken_algorithm.py").write_text("import nothing_of_this_name\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("own_algorithm", "broken_algorithm"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_its_fields_are_its_settings() -> None:
    own = make_algorithm("own_algorithm.Own", "own", {"margin": 0.5, "seed": 7})
    assert (own.margin, own.rounds, own.seed) == (0.5, 3, 7)


REFUSED = (
    (
        "own_algorithm.Own",
        {"margin": 1, "margins": 2},
        "algorithm.own.margins: own_algorithm.Own has no such setting; it has margin, rounds",
    ),
    ("own_algorithm.Own", {}, "algorithm.own.margin= must be given: own_algorithm.Own has no default for it"),
    (
        "own_algorithm.Bare",
        {"margin": 1},
        "algorithm.own.margin: own_algorithm.Bare has no such setting; it has none (settings are fields of a "
        "dataclass)",
    ),
    (
        "own_algorithm.Other",
        {},
        "algorithm.path: 'own_algorithm.Other' is not a Algorithm: derive it from Algorithm",
    ),
    ("own_algorithm.Missing", {}, "algorithm.path: 'own_algorithm' has no function 'Missing'"),
    (
        "broken_algorithm.Own",
        {},
        "algorithm.path: cannot import 'broken_algorithm': ModuleNotFoundError: No module named 'nothing_of_this_name'",
    ),
)


@pytest.mark.parametrize(("path", "settings", "message"), REFUSED)
def test_what_cannot_be_made_is_refused(path: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        make_algorithm(path, "own", settings)
    assert str(error.value) == message


def test_the_check_of_a_run_asks_it(compose_run: Callable[..., DictConfig]) -> None:
    cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu", "algorithm=grpo")
    OmegaConf.update(cfg, "algorithm.path", "own_algorithm.Own")
    with pytest.raises(ConfigError, match=r"^algorithm\.grpo\.margin= must be given"):
        check(cfg)
    OmegaConf.set_struct(cfg, False)
    cfg.algorithm.grpo = {"margin": 0.5}
    check(cfg)
    (rl,) = [stage for stage in build_stages(cfg) if stage.name == "rl"]
    assert "grpo" not in rl.config.algorithm
    assert rl.config.trainer.v1.sampler.sampler_kwargs.algorithm.settings == {"margin": 0.5, "seed": 1}


CLASSES = (
    (
        {"actor_rollout_ref.rollout.agent.default_agent_loop": "seeded_single_turn"},
        "actor_rollout_ref.rollout.agent.default_agent_loop=seeded_single_turn: give the dotted name of a class, or "
        "one of single_turn_agent, tool_agent",
    ),
    (
        {"trainer.v1.trainer_mode": "sync"},
        "trainer.v1.trainer_mode=sync: veRL's own trainers keep no record; give the dotted name of a class, such as "
        "src.training.trainer.RecordedTrainer",
    ),
    (
        {"trainer.v1.trainer_mode": "nowhere.Trainer"},
        "trainer.v1.trainer_mode=nowhere.Trainer: there is no module 'nowhere'; PYTHONPATH says where modules are "
        "looked for",
    ),
    (
        {"actor_rollout_ref.rollout.agent.default_agent_loop": "src.training.agent_loop.Seeded"},
        "actor_rollout_ref.rollout.agent.default_agent_loop=src.training.agent_loop.Seeded: 'src.training.agent_loop' "
        "has no class 'Seeded'",
    ),
    (
        {"actor_rollout_ref.rollout.agent.default_agent_loop": "nowhere.loops.Loop"},
        "actor_rollout_ref.rollout.agent.default_agent_loop=nowhere.loops.Loop: cannot import 'nowhere.loops': "
        "ModuleNotFoundError: No module named 'nowhere'",
    ),
)


@pytest.mark.parametrize(("change", "message"), CLASSES)
def test_a_trainer_or_an_agent_loop_that_is_not_there_is_refused(
    compose_run: Callable[..., DictConfig], change: dict[str, str], message: str
) -> None:
    cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu")
    for key, value in change.items():
        OmegaConf.update(cfg, key, value)
    with pytest.raises(ConfigError) as error:
        check(cfg)
    assert str(error.value) == message


def test_verls_own_loops_have_names_without_a_dot(compose_run: Callable[..., DictConfig]) -> None:
    cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu")
    cfg.actor_rollout_ref.rollout.agent.default_agent_loop = "tool_agent"
    check(cfg)
