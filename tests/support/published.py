"""Compares what a run composes with a table of published values: key, value, source."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

Table = tuple[tuple[str, Any, str], ...]


def assert_published(cfg: DictConfig, key: str, value: Any) -> None:
    """The key is one that the configuration has, and its value is the published one."""
    parent, _, name = key.rpartition(".")
    assert name in (OmegaConf.select(cfg, parent) if parent else cfg)
    chosen = OmegaConf.select(cfg, key)
    assert (OmegaConf.to_container(chosen) if OmegaConf.is_config(chosen) else chosen) == value
