"""The patches that rows with images need: without them a run fails, or rollout and trainer see different things."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import wrapt

from src.patches.patch import expect

FREEZE = "freeze_vision_tower"
_NEVER = -1e9  # a logit; with -inf the entropy is not a number


def _normalisation_beside_dummy_weights(module: Any) -> None:
    """vLLM keeps an image's mean and spread in the model, as buffers, and its dummy weights are drawn over them too.

    veRL starts with dummy weights and sends the real ones; buffers are not sent. Images would be normalised at random
    in the rollout alone, without any error: buffers stay as the model was made with.
    """
    loader: Any = getattr(module, "DummyModelLoader", None)
    expect(
        loader is not None and list(inspect.signature(loader.load_weights).parameters)[1:2] == ["model"],
        "normalisation_beside_dummy_weights",
        "DummyModelLoader.load_weights(model) is missing",
    )
    original = loader.load_weights

    @functools.wraps(original)
    def load_weights(self: Any, model: Any, *args: Any, **kwargs: Any) -> None:
        made = {name: buffer.clone() for name, buffer in model.named_buffers() if not buffer.is_meta}
        original(self, model, *args, **kwargs)
        for name, buffer in model.named_buffers():
            if name in made:
                buffer.copy_(made[name])

    loader.load_weights = load_weights


def _no_placeholders_in_training(module: Any) -> None:
    """veRL keeps the rollout from sampling an image's placeholder, and says nothing of it to the trainer.

    The trainer's log-probabilities would all be lower, by as much as it believes in the placeholders.
    """
    original: Any = getattr(module, "forward_with_normal_backend", None)
    expect(
        original is not None and "logits=logits" in inspect.getsource(original),
        "no_placeholders_in_training",
        "forward_with_normal_backend with its logits is missing",
    )

    @functools.wraps(original)
    def forward_with_normal_backend(self: Any, *args: Any, **kwargs: Any) -> Any:
        output = original(self, *args, **kwargs)
        output.logits[..., [self.config.image_token_id, self.config.video_token_id]] = _NEVER
        return output

    module.forward_with_normal_backend = forward_with_normal_backend


class _PlainVisual(wrapt.ObjectProxy):
    """A model whose vision tower gives its embeddings alone, as veRL expects where no row has an image."""

    def visual(self, *args: Any, **kwargs: Any) -> Any:
        from verl.utils.transformers_compat import unpack_visual_output

        embeddings, _ = unpack_visual_output(self.__wrapped__.visual(*args, **kwargs))
        return embeddings


def _text_only_micro_batches(module: Any) -> None:
    """Without an image veRL takes the mean of what the vision tower gives, which is an object since transformers 5."""
    original: Any = getattr(module, "_get_input_embeds", None)
    known = ["model", "input_ids", "attention_mask", "pixel_values", "pixel_values_videos"]
    expect(
        original is not None and list(inspect.signature(original).parameters)[:5] == known,
        "text_only_micro_batches",
        "_get_input_embeds(model, input_ids, attention_mask, pixel_values, pixel_values_videos) is missing",
    )

    @functools.wraps(original)
    def _get_input_embeds(
        model: Any,
        input_ids: Any,
        attention_mask: Any = None,
        pixel_values: Any = None,
        pixel_values_videos: Any = None,
        *grids: Any,
    ) -> Any:
        seen = _PlainVisual(model) if pixel_values is None and pixel_values_videos is None else model
        return original(seen, input_ids, attention_mask, pixel_values, pixel_values_videos, *grids)

    module._get_input_embeds = _get_input_embeds


def _positions_of_equal_rows(module: Any) -> None:
    """Rows of one length come out of the queue with the four kinds of position as their ragged dimension.

    veRL then names the other one without changing the offsets, and fails when it picks rows.
    """
    original: Any = getattr(module, "maybe_fix_3d_position_ids", None)
    expect(
        original is not None and hasattr(module, "nested_tensor_from_tensor_list"),
        "positions_of_equal_rows",
        "maybe_fix_3d_position_ids or nested_tensor_from_tensor_list is missing",
    )

    @functools.wraps(original)
    def maybe_fix_3d_position_ids(data: Any) -> None:
        ids = data["position_ids"] if "position_ids" in data.keys() else None  # noqa: SIM118  (a TensorDict)
        if ids is not None and ids.is_nested and ids.dim() == 3 and ids._ragged_idx == 1:
            values, offsets = ids.values(), ids.offsets()
            if int(offsets[-1]) == len(values):  # the rows lie above each other, not side by side
                rows = values.split(offsets.diff().tolist())
                data["position_ids"] = module.nested_tensor_from_tensor_list(list(rows), ragged_idx=2)
        original(data)

    module.maybe_fix_3d_position_ids = maybe_fix_3d_position_ids


def _frozen_vision_towers(module: Any) -> None:
    """veRL has a key for it, ``actor.freeze_vision_tower``, that its FSDP engine does not read.

    A stage's config says it again among the model's overrides, which reach the engine; no exported model keeps it.
    """
    engine: Any = getattr(module, "FSDPEngine", None)
    expect(
        engine is not None and list(inspect.signature(engine._build_module).parameters) == ["self"],
        "frozen_vision_towers",
        "FSDPEngine._build_module() is missing",
    )
    original = engine._build_module

    @functools.wraps(original)
    def _build_module(self: Any) -> Any:
        frozen = vars(self.model_config.hf_config).pop(FREEZE, False)
        model = original(self)
        if frozen:
            model.model.visual.requires_grad_(False)
        return model

    engine._build_module = _build_module


def _packed_pixels(module: Any) -> None:
    """A rollout carries its images as the processor makes them, up to megabytes each, through the queue."""
    worker: Any = getattr(module, "AgentLoopWorker", None)
    expect(
        worker is not None
        and list(inspect.signature(worker._compute_multi_modal_inputs).parameters)[1:2] == ["output"],
        "packed_pixels",
        "AgentLoopWorker._compute_multi_modal_inputs(output) is missing",
    )
    original = worker._compute_multi_modal_inputs

    @functools.wraps(original)
    def _compute_multi_modal_inputs(self: Any, *args: Any, **kwargs: Any) -> Any:
        from src.training.pixels import Inputs

        return Inputs(original(self, *args, **kwargs))

    worker._compute_multi_modal_inputs = _compute_multi_modal_inputs
