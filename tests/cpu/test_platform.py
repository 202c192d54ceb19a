"""What the CPU says of its memory."""

import numpy as np

from src.cpu.platform import _device_module


def test_the_largest_memory_is_not_what_is_used_now() -> None:
    device = _device_module()
    size = 200 * 2**20
    before = device.memory_allocated()
    np.ones(size, dtype=np.uint8)  # released at once
    assert device.max_memory_allocated() >= before + size * 0.9
    assert device.memory_allocated() < before + size * 0.5
    assert device.max_memory_reserved() == device.max_memory_allocated()
