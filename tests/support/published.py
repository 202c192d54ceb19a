"""Compares what a run composes with a table of published values: key, value, source."""

from __future__ import annotations

from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

Table = tuple[tuple[str, Any, str], ...]


def each_value(table: Table) -> pytest.MarkDecorator:
    """A test of ``key`` and ``value`` for every line of a table."""
    return pytest.mark.parametrize(("key", "value"), [row[:2] for row in table], ids=[row[0] for row in table])


def assert_published(cfg: DictConfig, key: str, value: Any) -> None:
    """The key is one that the configuration has, and its value is the published one."""
    parent, _, name = key.rpartition(".")
    assert name in (OmegaConf.select(cfg, parent) if parent else cfg)
    chosen = OmegaConf.select(cfg, key)
    assert (OmegaConf.to_container(chosen) if OmegaConf.is_config(chosen) else chosen) == value


def assert_room(cfg: DictConfig) -> None:
    """A worker's batch holds the longest prompt with the longest answer."""
    sample = cfg.data.max_prompt_length + cfg.data.max_response_length
    assert cfg.actor_rollout_ref.actor.ppo_max_token_len_per_gpu >= sample
    assert cfg.actor_rollout_ref.ref.log_prob_max_token_len_per_gpu >= sample
    assert cfg.sft.data.max_length >= sample
