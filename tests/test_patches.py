"""The CPU platform and the patches fit the installed veRL and vLLM.

When one of these fails after an upgrade, src/patches is the place to look. What is imported is looked at in a
process of its own, because the patches stay in the process that they were applied in.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from src import patches
from src.patches import PATCHES, QUEUE_VERSION, VERL_VERSION, VLLM_VERSION, PatchError

ROOT = Path(__file__).resolve().parents[1]

LOOK = """
import importlib, inspect, json, sys, tempfile
import torch, verl
from src.patches import PATCHES, apply

apply("cpu")  # a second time: nothing may be wrapped twice
seen = {}
modules = {patch.waits_for: importlib.import_module(patch.waits_for) for patch in PATCHES}

from verl.plugin.platform import PlatformBase, get_platform
platform = get_platform()
seen["platform"] = [
    type(platform).__name__, platform.device_name, platform.device_count(), platform.communication_backend_name(),
    platform.ray_resource_name(), str(platform.current_device()), platform.is_ipc_supported(),
]
seen["left abstract"] = sorted(type(platform).__abstractmethods__)
seen["memory"] = [platform.device_module.memory_allocated() > 0, platform.device_module.mem_get_info()[1] > 0]

distributed = modules["torch.distributed"]
function, layers = distributed.init_process_group, []
while function is not None:
    layers.append(function.__code__.co_filename.endswith("src/patches/__init__.py"))
    function = getattr(function, "__wrapped__", None)
seen["wrapped"] = layers.count(True)
store = tempfile.NamedTemporaryFile()
distributed.init_process_group("cpu:gloo,cpu:gloo", init_method="file://" + store.name + "-x", rank=0, world_size=1)
seen["backend"] = distributed.get_backend()
distributed.destroy_process_group()

from verl.workers.engine.base import EngineRegistry
engines = modules["verl.workers.engine.fsdp.transformer_impl"]
seen["engines"] = [
    EngineRegistry.get_engine_cls(kind, "fsdp2") is getattr(engines, name)
    for kind, name in (("language_model", "FSDPEngineWithLMHead"), ("value_model", "FSDPEngineWithValueHead"))
]
seen["pinned"] = engines.CPUOffloadPolicy(pin_memory=True).pin_memory

receiver = modules["verl.workers.rollout.vllm_rollout.bucketed_weight_transfer"].BucketedWeightReceiver
original = receiver.receive_weights.__wrapped__
seen["receiver parameters"] = list(inspect.signature(original).parameters)

linear = modules["vllm.model_executor.layers.utils"]
layer = torch.nn.Module()
layer.weight = torch.nn.Parameter(torch.ones(2, 3))
linear.dispatch_cpu_unquantized_gemm(layer, remove_weight=True)
with torch.no_grad():
    layer.weight.fill_(2.0)  # a weight sync
seen["product"] = layer.cpu_linear(torch.ones(1, 3), layer.weight, None).tolist()

from peft import LoraConfig, get_peft_model
from transformers import Qwen2Config, Qwen2ForCausalLM
manager = modules["verl.utils.checkpoint.fsdp_checkpoint_manager"]
seen["exported"] = "= get_fsdp_full_state_dict(self.model, " in inspect.getsource(manager.FSDPCheckpointManager)
small = Qwen2Config(vocab_size=8, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1,
                    num_key_value_heads=1)
names = list(Qwen2ForCausalLM(small).state_dict())
adapted = get_peft_model(Qwen2ForCausalLM(small), LoraConfig(r=2, target_modules="all-linear"))
for model in (Qwen2ForCausalLM(small), adapted):
    seen.setdefault("export names", []).append(list(manager.get_fsdp_full_state_dict(model)) == names)

from verl.trainer.ppo.v1 import get_trainer_cls
dotted = "src.training.trainer.RecordedTrainer"
seen["trainers"] = [get_trainer_cls("sync").__name__, get_trainer_cls(dotted).__name__]
for name in ("synchronous", "src.training.trainer.Missing", "no_such_package.Trainer"):
    try:
        get_trainer_cls(name)
    except (ValueError, AttributeError, ImportError) as error:
        seen["trainers"].append(type(error).__name__)
loops = modules["verl.experimental.agent_loop.agent_loop"]
loop = "src.training.agent_loop.SeededSingleTurn"
known = loops._agent_loop_registry
seen["loops"] = [loop in known, known[loop], "no_loop" in known, "single_turn_agent" in known]
loops.register("mine")(loops.AgentLoopBase)
seen["loops"].append(known["mine"]["_target_"] == "verl.experimental.agent_loop.agent_loop.AgentLoopBase")
seen["loops are looked up"] = "_agent_loop_registry[agent_name]" in inspect.getsource(loops.AgentLoopWorker)

import ray
queue = modules["transfer_queue.interface"]
ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, namespace="a run")
queue.init()
seen["queue"] = [ray.get_actor("TransferQueueController").get_config is not None, queue._init_from_existing()]
found = ray.util.list_named_actors(all_namespaces=True)
seen["queue namespaces"] = sorted({one["namespace"] for one in found if one["name"] == "TransferQueueController"})
ray.shutdown()
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What a process with the plugin finds."""
    environment = {"VERL_PLATFORM": "cpu", "VERL_USE_EXTERNAL_MODULES": "src.plugin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOOK],
        env={**os.environ, **environment, "VLLM_LOGGING_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("package", "version"), [("verl", VERL_VERSION), ("vllm", VLLM_VERSION), ("TransferQueue", QUEUE_VERSION)]
)
def test_the_patches_were_written_for_what_is_installed(package: str, version: str) -> None:
    installed = importlib.metadata.version(package).partition("+")[0]
    assert installed == version, f"read the places that src/patches changes in {package} {installed} anew"


def test_verl_finds_the_cpu_platform(seen: dict[str, Any]) -> None:
    assert seen["platform"] == ["CPUPlatform", "cpu", 1, "gloo", "GPU", "cpu", False]
    assert seen["left abstract"] == []
    assert seen["memory"] == [True, True]


def test_a_process_group_starts_with_verls_name_for_the_backend(seen: dict[str, Any]) -> None:
    assert seen["backend"] == "gloo"
    assert seen["wrapped"] == 1


def test_the_fsdp_engines_are_registered_and_do_not_pin_memory(seen: dict[str, Any]) -> None:
    assert seen["engines"] == [True, True]
    assert seen["pinned"] is False


def test_the_weight_receiver_is_wrapped(seen: dict[str, Any]) -> None:
    assert seen["receiver parameters"] == ["self", "on_bucket_received"]


def test_linear_layers_multiply_by_the_weights_that_were_synchronised(seen: dict[str, Any]) -> None:
    assert seen["product"] == [[6.0, 6.0]]


def test_a_lora_is_exported_under_the_names_of_its_base_model(seen: dict[str, Any]) -> None:
    assert seen["exported"]
    assert seen["export names"] == [True, True]


def test_trainers_and_agent_loops_are_found_by_their_dotted_names(seen: dict[str, Any]) -> None:
    assert seen["trainers"] == [
        "PPOTrainerSync", "RecordedTrainer", "ValueError", "AttributeError", "ModuleNotFoundError",
    ]  # fmt: skip
    loop = {"_target_": "src.training.agent_loop.SeededSingleTurn"}
    assert seen["loops"] == [True, loop, False, True, True] and seen["loops are looked up"]


def test_received_weights_are_copies() -> None:
    class Tensor:
        def __init__(self, copy: bool = False) -> None:
            self.copy = copy

        def clone(self) -> "Tensor":
            return Tensor(copy=True)

    class Receiver:
        def receive_weights(self, on_bucket_received: Callable[[list, bool], None]) -> None:
            on_bucket_received([("a", Tensor()), ("b", Tensor())], False)
            on_bucket_received([("c", Tensor())], True)

    patches._copy_received_weights(SimpleNamespace(BucketedWeightReceiver=Receiver))
    received: list[tuple[str, bool, bool]] = []
    Receiver().receive_weights(
        lambda weights, is_last: received.extend((name, tensor.copy, is_last) for name, tensor in weights)
    )
    assert received == [("a", True, False), ("b", True, False), ("c", True, True)]


def test_two_runs_on_a_machine_send_their_weights_over_sockets_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from verl.workers.rollout.vllm_rollout import bucketed_weight_transfer as real

    class Sender(real.BucketedWeightSender):
        pass

    class Receiver(real.BucketedWeightReceiver):
        pass

    patches._weights_of_its_own(SimpleNamespace(BucketedWeightSender=Sender, BucketedWeightReceiver=Receiver))
    handles = []
    for key in ("first", "second"):
        monkeypatch.setenv(patches.WEIGHTS_KEY, key)
        device = torch.device("cpu")
        ends = Sender(zmq_handle="ipc:///tmp/x.sock", use_shm=True), Receiver("ipc:///tmp/x.sock", device, use_shm=True)
        assert ends[0].zmq_handle == ends[1].zmq_handle
        handles.append(ends[0].zmq_handle)
    assert handles == ["ipc:///tmp/x.sock-first", "ipc:///tmp/x.sock-second"]
    monkeypatch.delenv(patches.WEIGHTS_KEY)
    assert Sender("ipc:///tmp/x.sock").zmq_handle == "ipc:///tmp/x.sock"


def test_other_backends_are_left_alone() -> None:
    asked: list[Any] = []
    distributed = SimpleNamespace(init_process_group=lambda backend=None, rank=0: asked.append((backend, rank)))
    patches._one_backend_for_gloo(distributed)
    distributed.init_process_group("cpu:gloo,cpu:gloo", rank=3)
    distributed.init_process_group("cpu:gloo,cuda:nccl")
    distributed.init_process_group()
    assert asked == [("gloo", 3), ("cpu:gloo,cuda:nccl", 0), (None, 0)]


def _receiver(parameter: str) -> type:
    scope: dict[str, Any] = {}
    exec(f"class Receiver:\n    def receive_weights(self, {parameter}): ...", scope)
    return scope["Receiver"]


def test_the_queue_is_found_in_the_runs_own_namespace(seen: dict[str, Any]) -> None:
    assert seen["queue"] == [True, True]
    assert seen["queue namespaces"] == ["a run"]


MOVED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("trainers_by_dotted_name", {}),
    ("trainers_by_dotted_name", {"TRAINER_REGISTRY": {}}),
    ("agent_loops_by_dotted_name", {}),
    ("queue_of_its_own", {}),
    ("queue_of_its_own", {"ray": object()}),
    ("one_backend_for_gloo", {}),
    ("one_backend_for_gloo", {"init_process_group": lambda name: None}),
    ("fsdp_engine_on_cpu", {"CPUOffloadPolicy": object, "FSDPEngineWithLMHead": type("Engine", (), {})}),
    ("weights_of_its_own", {}),
    ("weights_of_its_own", {"BucketedWeightSender": _receiver("callback")}),
    ("copy_received_weights", {}),
    ("copy_received_weights", {"BucketedWeightReceiver": _receiver("callback")}),
    ("live_linear_weights", {}),
    ("merged_exports", {}),
    ("merged_exports", {"get_fsdp_full_state_dict": lambda module: None}),
    ("live_linear_weights", {"dispatch_cpu_unquantized_gemm": lambda layer: None}),
    ("normalisation_beside_dummy_weights", {}),
    ("no_placeholders_in_training", {}),
    ("text_only_micro_batches", {"_get_input_embeds": lambda model, input_ids: None}),
    ("frozen_vision_towers", {}),
    ("packed_pixels", {}),
    ("positions_of_equal_rows", {"maybe_fix_3d_position_ids": lambda data: None}),
)


@pytest.mark.parametrize(("name", "content"), MOVED)
def test_a_patch_whose_place_has_moved_names_itself(
    monkeypatch: pytest.MonkeyPatch, name: str, content: dict[str, Any]
) -> None:
    registry = SimpleNamespace(register=lambda **_: lambda engine: engine)
    monkeypatch.setitem(sys.modules, "verl.workers.engine.base", SimpleNamespace(EngineRegistry=registry))
    (patch,) = [one for one in PATCHES if one.apply.__name__ == f"_{name}"]
    with pytest.raises(PatchError, match=rf"^patch '{name}' no longer fits: .* is missing\. .*{VERL_VERSION}"):
        patch.apply(SimpleNamespace(__name__="moved", **content))


def test_every_patch_has_a_case_above() -> None:
    assert {patch.apply.__name__ for patch in PATCHES} == {f"_{name}" for name, _ in MOVED}
