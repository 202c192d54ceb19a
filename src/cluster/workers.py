"""Runs a module on the nodes of a cluster, once per rank, each rank in an actor with a device of its own."""

from __future__ import annotations

import os
import runpy
import socket
import sys
from collections.abc import Mapping, Sequence

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy


@ray.remote(max_restarts=0)
class Rank:
    """One process of a distributed program."""

    def node(self) -> str:
        return str(ray.get_runtime_context().get_node_id())

    def free_address(self) -> tuple[str, int]:
        """This node's address, and a port of it that nobody listens on now."""
        with socket.socket() as probe:
            probe.bind(("", 0))
            return ray.util.get_node_ip_address(), int(probe.getsockname()[1])

    def run(self, module: str, arguments: Sequence[str], variables: Mapping[str, str]) -> int:
        """Run ``module`` as ``python -m`` does; returns its exit code. An exception of its own is the caller's."""
        os.environ.update(variables)
        sys.argv = [module, *arguments]
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        return 0


def run_ranks(module: str, arguments: Sequence[str], ranks: int, devices: int) -> int:
    """Run a module as ``ranks`` processes that find each other as torch.distributed's do; Ray is initialised.

    Args:
        devices: of each rank.

    Returns:
        0, or the exit code of a rank that has one.

    Raises:
        ray.exceptions.RayError: a rank raised, or its process or node has died.
    """
    bundle = {"CPU": 1, "GPU": devices}
    group = placement_group([bundle] * ranks, strategy="PACK")
    print(f"waiting for {ranks} x {bundle}", flush=True)
    ray.get(group.ready())
    actors = [
        Rank.options(  # type: ignore[attr-defined]
            num_cpus=1,
            num_gpus=devices,
            scheduling_strategy=PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=number),
        ).remote()
        for number in range(ranks)
    ]
    nodes = ray.get([actor.node.remote() for actor in actors])
    actors = [actor for _, actor in sorted(zip(nodes, actors, strict=True), key=lambda pair: pair[0])]  # neighbours
    host, port = ray.get(actors[0].free_address.remote())
    shared = {"MASTER_ADDR": host, "MASTER_PORT": str(port), "WORLD_SIZE": str(ranks)}
    running = [
        # Ray shows each process its own devices only: the local rank is 0 everywhere.
        actor.run.remote(module, arguments, {**shared, "RANK": str(rank), "LOCAL_RANK": "0"})
        for rank, actor in enumerate(actors)
    ]
    while running:  # the first that fails ends all: the others would wait for it
        done, running = ray.wait(running, num_returns=1)
        if code := ray.get(done[0]):
            return int(code)
    return 0
