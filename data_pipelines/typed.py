"""A dataset's settings in their typed form, read alike for every kind of dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.errors import DataError

Settings = TypeVar("Settings")


def read_typed(cfg: Mapping[str, Any] | DictConfig, kind: type[Settings]) -> Settings:
    """Read ``cfg`` as the dataclass ``kind``.

    Raises:
        DataError: an unknown key, a missing one, or a value of another type; it names the key and the fix.
    """
    try:
        settings = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(kind), cfg))
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0].rstrip(".")
        key = f"dataset.{error.full_key}" if getattr(error, "full_key", None) else "the dataset settings"
        raise DataError(f"{key} cannot be used ({reason}): correct it in conf/dataset or on the command line") from None
    assert isinstance(settings, kind)
    return settings
