"""Notices that an actor of a stage, or a node, has died in the cluster.

veRL waits without end when a rollout worker dies. On one machine the launcher sees its process go
(``src.launcher.watch``); here it asks Ray.
"""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import Any

INTERVAL_S = 5.0
# What a stage cannot go on without, by the names of its actors' classes; veRL fuses the roles of a worker into one.
ESSENTIAL = (
    "TaskRunner",
    "WorkerDict",
    "vLLMHttpServer",
    "AgentLoopWorker",
    "RewardLoopWorker",
    "TransferQueue",
    "Rank",
)


class ClusterWatch:
    """A context that watches the actors of one namespace.

    Args:
        namespace: Ray's, which nothing but the stage uses.
    """

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._dead: str | None = None
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ClusterWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def dead(self) -> str | None:
        """The actors that have died, and why; None as long as there are none."""
        return self._dead

    def _watch(self) -> None:
        from ray.util.state import list_actors

        while not self._ended.wait(INTERVAL_S) and self._dead is None:
            try:
                filters = [("ray_namespace", "=", self.namespace), ("state", "=", "DEAD")]
                # A list that a filter has shortened counts as incomplete, and would be refused.
                actors = list_actors(filters=filters, detail=True, raise_on_missing_output=False)
            except Exception:  # a cluster that is busy does not answer in time; it is asked again
                continue
            essential = [actor for actor in actors if any(name in actor.class_name for name in ESSENTIAL)]
            if essential:
                self._dead = "; ".join(sorted(set(map(_said, essential))))


def lost_nodes(since: float, patience_s: float) -> list[str]:
    """The nodes that have died, one sentence each; Ray takes some seconds to be sure of it.

    Args:
        since: Unix seconds.
        patience_s: for how long Ray is asked again while it knows of none.
    """
    from ray.util.state import list_nodes

    deadline = time.monotonic() + patience_s
    while True:
        try:
            dead = list_nodes(filters=[("state", "=", "DEAD")], detail=True, raise_on_missing_output=False)
        except Exception:  # see above
            dead = []
        lost = [node for node in dead if node.end_time_ms and node.end_time_ms / 1000 >= since]
        if lost or time.monotonic() > deadline:
            return [f"node {node.node_id[:12]} ({node.node_ip}) has died: {node.state_message}" for node in lost]
        time.sleep(1)


def _said(actor: Any) -> str:
    """``WorkerDict (process 7 on node 1f2a): why``."""
    cause = actor.death_cause or {}
    context: Any = next(iter(cause.values()), {}) if isinstance(cause, dict) else {}
    message = str(context.get("error_message") or context.get("death_reason_message") or "")
    detail = message.rpartition("Worker exit detail: ")[2].strip().partition("\n")[0].partition(". ")[0]
    place = f"process {actor.pid} on node {str(actor.node_id)[:12]}"
    return f"{actor.class_name.rpartition('.')[2]} ({place})" + (f": {detail}" if detail else "")
