"""The patches for rows with images, on the installed veRL and vLLM: each is needed still, and mends what it says."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from types import MethodType, SimpleNamespace
from typing import Any

import pytest
import torch
from seeing import model_of_images
from tensordict import TensorDict
from verl.models.transformers import qwen2_vl
from verl.utils import tensordict_utils
from vllm.model_executor.model_loader.dummy_loader import DummyModelLoader

from src.patches import images


def _own(function: Any) -> Any:
    """A function of veRL's as it is without the patch, should that be on in this process."""
    return getattr(function, "__wrapped__", function)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import Qwen2_5_VLForConditionalGeneration

    folder: Path = model_of_images(tmp_path_factory.mktemp("model") / "model")
    options: dict[str, Any] = {"dtype": torch.float32, "attn_implementation": "sdpa"}
    return Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, **options)


@pytest.fixture
def model(built: Any) -> Iterator[Any]:
    """With veRL's inner forward."""
    own = copy.deepcopy(built)
    own.model.forward = MethodType(qwen2_vl.qwen2_vl_base_forward, own.model)
    yield own


def _text(model: Any) -> dict[str, Any]:
    ids = torch.arange(20, 30).view(1, -1)
    positions = torch.arange(10).view(1, 1, -1).expand(4, 1, -1)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "position_ids": positions}


def _with_embeddings(monkeypatch: pytest.MonkeyPatch, patched: bool) -> None:
    module = SimpleNamespace(_get_input_embeds=_own(qwen2_vl._get_input_embeds))
    if patched:
        images._text_only_micro_batches(module)
    monkeypatch.setattr(qwen2_vl, "_get_input_embeds", module._get_input_embeds)


def test_rows_without_an_image_go_through_a_vision_model(
    model: Any, built: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = _own(qwen2_vl.forward_with_normal_backend)
    _with_embeddings(monkeypatch, patched=False)
    with pytest.raises(AttributeError, match="has no attribute 'mean'"):
        forward(model, **_text(model))
    _with_embeddings(monkeypatch, patched=True)
    logits = forward(model, **_text(model)).logits
    expected = built(input_ids=_text(model)["input_ids"]).logits
    assert torch.allclose(logits, expected, atol=1e-5)
    logits.sum().backward()
    assert model.model.visual.patch_embed.proj.weight.grad is not None  # all ranks of FSDP have the same gradients


def test_placeholders_are_as_impossible_in_training_as_in_the_rollout(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_embeddings(monkeypatch, patched=True)
    module = SimpleNamespace(forward_with_normal_backend=_own(qwen2_vl.forward_with_normal_backend))
    plain = module.forward_with_normal_backend(model, **_text(model)).logits
    images._no_placeholders_in_training(module)
    logits = module.forward_with_normal_backend(model, **_text(model)).logits
    banned = [model.config.image_token_id, model.config.video_token_id]
    chances = logits.log_softmax(-1)
    assert chances.exp()[..., banned].max() == 0
    others = [token for token in range(logits.shape[-1]) if token not in banned]
    assert torch.allclose(chances[..., others], plain[..., others].log_softmax(-1))
    entropy = -(chances.exp() * chances).sum(-1)
    assert torch.isfinite(entropy).all()
    logits.logsumexp(-1).sum().backward()
    assert torch.isfinite(model.lm_head.weight.grad).all()


def _loaded(loader: type) -> torch.nn.Module:
    layers = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(3))
    layers[1].running_mean.fill_(0.5)
    torch.nn.init.ones_(layers[0].weight)
    loader.load_weights(object.__new__(loader), layers, SimpleNamespace())  # type: ignore[attr-defined]
    return layers


def test_dummy_weights_leave_the_normalisation_of_images_alone() -> None:
    class Loader(DummyModelLoader):
        load_weights = _own(DummyModelLoader.load_weights)

    assert _loaded(Loader)[1].running_mean.max() < 0.01, "vLLM's dummy weights are drawn over buffers"
    images._normalisation_beside_dummy_weights(SimpleNamespace(DummyModelLoader=Loader))
    linear, norm = _loaded(Loader)
    assert linear.weight.abs().max() < 0.01 and norm.weight.abs().max() < 0.01
    assert norm.running_mean.tolist() == [0.5] * 3


@pytest.mark.parametrize("lengths", [(5, 5, 5), (3, 5, 2), (4,), (12, 12, 12)])
def test_positions_of_all_lengths_are_found_again_behind_the_queue(lengths: tuple[int, ...]) -> None:
    rows = [torch.arange(4 * length).view(4, length) + 100 * place for place, length in enumerate(lengths)]
    queued = torch.nested.as_nested_tensor(rows, layout=torch.jagged)  # as TransferQueue stacks them
    sent = pickle.loads(pickle.dumps(TensorDict({"position_ids": queued}, batch_size=[len(rows)]).consolidate()))

    module = SimpleNamespace(
        maybe_fix_3d_position_ids=_own(tensordict_utils.maybe_fix_3d_position_ids),
        nested_tensor_from_tensor_list=tensordict_utils.nested_tensor_from_tensor_list,
    )
    images._positions_of_equal_rows(module)
    module.maybe_fix_3d_position_ids(sent)
    module.maybe_fix_3d_position_ids(sent)  # a second time, as veRL does for mini-batches
    found = sent["position_ids"]
    assert found._ragged_idx == 2
    assert found.offsets().tolist() == [sum(lengths[:place]) for place in range(len(rows) + 1)]
    assert all(torch.equal(one, row) for one, row in zip(found.unbind(), rows, strict=True))


def test_other_batches_are_left_alone() -> None:
    module = SimpleNamespace(
        maybe_fix_3d_position_ids=_own(tensordict_utils.maybe_fix_3d_position_ids),
        nested_tensor_from_tensor_list=tensordict_utils.nested_tensor_from_tensor_list,
    )
    images._positions_of_equal_rows(module)
    text = torch.nested.as_nested_tensor([torch.arange(3), torch.arange(5)], layout=torch.jagged)
    for data in ({"input_ids": text}, {"position_ids": text}):
        batch = TensorDict(dict(data), batch_size=[2])
        module.maybe_fix_3d_position_ids(batch)
        assert all(
            torch.equal(one, other) for one, other in zip(batch[next(iter(data))].unbind(), text.unbind(), strict=True)
        )


@pytest.mark.parametrize("frozen", [True, False])
def test_a_vision_tower_is_frozen_and_the_model_does_not_keep_it(built: Any, frozen: bool) -> None:
    class Engine:
        model_config = SimpleNamespace(hf_config=copy.deepcopy(built.config))

        def _build_module(self) -> Any:
            return copy.deepcopy(built)

    if frozen:
        setattr(Engine.model_config.hf_config, images.FREEZE, True)
    images._frozen_vision_towers(SimpleNamespace(FSDPEngine=Engine))
    model = Engine()._build_module()
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert any("visual" in name for name in trained) is not frozen
    assert any("language_model" in name for name in trained)
    assert images.FREEZE not in Engine.model_config.hf_config.to_dict()


def test_verls_engine_is_built_by_the_function_that_freezes() -> None:
    import inspect

    from verl.workers.engine.fsdp.transformer_impl import FSDPEngine, FSDPEngineWithLMHead

    assert FSDPEngineWithLMHead._build_module is FSDPEngine._build_module
    assert "self._build_module()" in inspect.getsource(FSDPEngine._build_model_optimizer)


def test_a_rollouts_images_are_packed_for_the_queue_and_unpacked_by_verls_trainer() -> None:
    from tensordict import NonTensorStack
    from verl.experimental.agent_loop.agent_loop import AgentLoopWorker
    from verl.utils.model import extract_multi_modal_inputs

    made = [{"pixel_values": torch.zeros(40, 1176), "image_grid_thw": torch.tensor([[1, 4, 10]])}, {}]

    class Worker:
        def _compute_multi_modal_inputs(self, output: int, input_ids: Any) -> Any:
            return made[output]

    images._packed_pixels(SimpleNamespace(AgentLoopWorker=Worker))
    rows = [Worker()._compute_multi_modal_inputs(place, None) for place in (0, 1, 0)]
    assert rows[0].pop("image_grid_thw") is not None and "pixel_values" in rows[0]  # a dictionary until it is sent
    sent = pickle.loads(pickle.dumps(TensorDict({"multi_modal_inputs": NonTensorStack(*rows)}, batch_size=[3])))
    assert len(pickle.dumps(sent)) < 40 * 1176 * 4 / 20
    found = extract_multi_modal_inputs(sent["multi_modal_inputs"])
    assert torch.equal(found["pixel_values"], torch.zeros(80, 1176))
    assert "multi_modal_inputs = self._compute_multi_modal_inputs(" in _source(AgentLoopWorker)


def _source(worker: type) -> str:
    import inspect

    return inspect.getsource(worker)
