"""Whoever gives a key of yesterday is told today's."""

import pytest

from src.config.compose import order_arguments
from src.config.moved import MOVED, refuse_moved
from src.errors import ConfigError


def test_the_command_line_is_told_the_new_name() -> None:
    with pytest.raises(ConfigError, match=r"^launcher\.jobs is now sweep\.jobs: give sweep\.jobs= instead$"):
        order_arguments(["-m", "+recipe=time_r1", "seed=1,2", "launcher.jobs=2"])


def test_keys_below_one_that_has_moved_have_moved_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOVED, "old.node", "new.place")
    with pytest.raises(ConfigError, match=r"give new\.place\.key= instead$"):
        refuse_moved(["seed", "old.node.key"])
    refuse_moved(["old.nodes", "an.old.node"])
