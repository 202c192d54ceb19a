"""What all processes that ask one endpoint share, in one SQLite file: its replies, and what the last minute has cost.

A transaction is whole or not there, however a process ends; the file is opened anew for each, so that threads and forks
need no care. On a cluster it lies in a folder that all nodes share and that honours locks.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from src.errors import UserError

WINDOW_S = 60.0
_PATIENCE_S = 60.0  # for the lock of another process
_TABLES = """
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS spent (id INTEGER PRIMARY KEY, endpoint TEXT, at REAL NOT NULL, tokens INTEGER NOT NULL);
"""


class Store:
    """Replies and costs.

    Args:
        path: of the file; it is made where it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = False

    def reply(self, key: str) -> str | None:
        """The reply that was kept, if there is one."""
        with self._transaction() as base:
            found = base.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def keep(self, key: str, reply: str) -> str:
        """Keep a reply, unless another process was first; returns the one that counts, so that equals are equal."""
        with self._transaction() as base:
            base.execute("INSERT OR IGNORE INTO replies VALUES (?, ?)", (key, reply))
            found = base.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        return str(found[0])

    def take(self, endpoint: str, tokens: int, requests_limit: float, tokens_limit: float) -> tuple[int, float]:
        """Book a request, if the last minute leaves room for it.

        Args:
            tokens: that it costs at most; no more than the limit.
            requests_limit, tokens_limit: per minute, over all processes; infinite for none.

        Returns:
            Its number, and 0; or 0, and after how many seconds to try again.
        """
        now = time.time()
        with self._transaction() as base:
            # A clock that was set back must not block the endpoint for good.
            base.execute("DELETE FROM spent WHERE at <= ? OR at > ?", (now - WINDOW_S, now + 1.0))
            rows = base.execute("SELECT at, tokens FROM spent WHERE endpoint = ? ORDER BY at", (endpoint,)).fetchall()
            used, waits_for = sum(cost for _, cost in rows), None
            for gone, (at, cost) in enumerate(rows):
                if len(rows) - gone < requests_limit and used + tokens <= tokens_limit:
                    break
                used, waits_for = used - cost, at
            if waits_for is not None:
                return 0, max(waits_for + WINDOW_S - now, 0.01)
            booked = base.execute(
                "INSERT INTO spent (endpoint, at, tokens) VALUES (?, ?, ?)", (endpoint, now, tokens)
            ).lastrowid
        return int(booked or 0), 0.0

    def correct(self, number: int, tokens: int) -> None:
        """Say what a booked request has cost in truth."""
        with self._transaction() as base:
            base.execute("UPDATE spent SET tokens = ? WHERE id = ?", (tokens, number))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            base = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)
            try:
                if not self._made:
                    base.executescript(_TABLES)
                    self._made = True
                base.execute("BEGIN IMMEDIATE")
                try:
                    yield base
                except BaseException:
                    base.execute("ROLLBACK")
                    raise
                base.execute("COMMIT")
            finally:
                base.close()
        except (sqlite3.Error, OSError) as error:
            raise UserError(
                f"the judge's cache {self.path} cannot be used ({error}): delete the file, or choose another with the "
                "judge's setting cache="
            ) from None
