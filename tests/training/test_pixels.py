"""A rollout's images are small on their way, and the same at its end."""

import pickle

import torch
from seeing import SIZES, rows

from src.models.tiny_vl import make_processor
from src.tasks.images import opened
from src.training.pixels import Inputs


def _inputs() -> Inputs:
    images = [opened(image, 14) for image in rows()[2].images]
    made = make_processor([], SIZES)(text=["<|image_pad|>" * len(images)], images=images, return_tensors="pt")
    return Inputs(made, note="as it is")


def test_pixels_come_back_to_the_last_bit() -> None:
    made = _inputs()
    for travels in (1, 2):
        sent = made
        for _ in range(travels):
            sent = pickle.loads(pickle.dumps(sent))
        assert isinstance(sent, Inputs) and list(sent) == list(made)
        for name, value in sent.items():
            if isinstance(value, torch.Tensor):
                assert value.dtype == made[name].dtype and torch.equal(value, made[name]), name
        assert sent["note"] == "as it is" and sent.get("video_grid_thw") is None
        sent["pixel_values"].add_(1)  # its own memory
        assert torch.equal(sent["pixel_values"], made["pixel_values"])


def test_they_are_a_small_part_of_their_size_and_stay_so_on_the_way() -> None:
    made = _inputs()
    size = made["pixel_values"].nbytes
    assert size == (24 + 16) * 3 * 2 * 14 * 14 * 4
    once = pickle.dumps(made)
    assert len(once) < size / 20
    passed = pickle.loads(once)
    assert len(pickle.dumps(passed)) < size / 20


def test_no_images_are_none() -> None:
    assert dict(pickle.loads(pickle.dumps(Inputs()))) == {}
