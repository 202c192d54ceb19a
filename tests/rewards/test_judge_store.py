"""What processes share: replies of which the first one counts, and a budget for each minute."""

import math
import multiprocessing
from pathlib import Path

import pytest

from src.errors import UserError
from src.rewards import judge_store
from src.rewards.judge_store import Store


def test_the_first_reply_counts(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "new" / "judge.sqlite"), Store(tmp_path / "new" / "judge.sqlite")
    assert one.reply("k") is None
    assert one.keep("k", "first") == "first"
    assert other.keep("k", "second") == "first"
    assert other.reply("k") == "first"


def test_requests_and_tokens_of_a_minute_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(judge_store.time, "time", lambda: now[0])
    store = Store(tmp_path / "judge.sqlite")
    assert store.take("a", 50, 2, math.inf) == (1, 0.0)
    now[0] = 1010.0
    assert store.take("a", 50, 2, math.inf)[0] == 2
    assert store.take("a", 50, 2, math.inf) == (0, 50.0)
    assert store.take("a", 50, math.inf, 150)[0] == 3
    assert store.take("a", 50, math.inf, 150) == (0, 50.0)
    assert store.take("a", 101, math.inf, 150) == (0, 60.0)  # the first two or three must have gone
    assert store.take("b", 50, 1, math.inf)[0] == 4  # another endpoint
    store.correct(3, 0)
    assert store.take("a", 50, math.inf, 150)[0] == 5
    now[0] = 1060.5
    assert store.take("a", 50, math.inf, 150)[0] == 6
    now[0] = 0.0  # a clock that was set back
    assert store.take("a", 150, 1, 150)[0] > 0


def _ask(path: str, results: "multiprocessing.Queue[tuple[str, int]]") -> None:
    store = Store(Path(path))
    booked = sum(store.take("a", 1, 25, math.inf)[0] > 0 for _ in range(20))
    results.put((store.keep("k", f"of {multiprocessing.current_process().pid}"), booked))


def test_processes_share_replies_and_budget(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[tuple[str, int]] = context.Queue()
    started = [context.Process(target=_ask, args=(str(tmp_path / "judge.sqlite"), results)) for _ in range(3)]
    for one in started:
        one.start()
    found = [results.get(timeout=60) for _ in started]
    for one in started:
        one.join()
    assert len({reply for reply, _ in found}) == 1
    assert sum(booked for _, booked in found) == 25


def test_a_transaction_that_was_cut_off_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "judge.sqlite")
    with pytest.raises(RuntimeError), store._transaction() as base:
        base.execute("INSERT INTO replies VALUES ('k', 'half')")
        raise RuntimeError
    assert store.reply("k") is None


def test_a_file_that_is_no_cache_is_named(tmp_path: Path) -> None:
    file = tmp_path / "judge.sqlite"
    file.write_text("something else " * 100)
    with pytest.raises(UserError, match=r"judge\.sqlite cannot be used \(file is not a database\): delete the file"):
        Store(file).reply("k")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be used"):
        Store(tmp_path / "file" / "judge.sqlite").reply("k")
