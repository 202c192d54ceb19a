"""What a rollout carries of its images for the trainer, packed while it travels.

The processor makes 4 bytes of each colour of each pixel, and everything twice, as if an image were a film of two
frames: 150 kB of a plot of 224 x 28, 3.2 MB of one of 580 x 230. Most of a plot is background. Compressed, to the last
bit, it is a small part; only who looks into it unpacks it, not the queue that it passes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np
import torch

_LEAST = 1024  # bytes; smaller tensors travel as they are
_LEVEL = 1  # zlib's fastest


class Inputs(MutableMapping[str, Any]):
    """A model's inputs by name. The large tensors are compressed when it is sent, and unpacked when asked for.

    It is no ``dict``: of those the queue sends the values one by one, as they are.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, **more: Any) -> None:
        self._values = {**(values or {}), **more}

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        return value.tensor() if isinstance(value, _Compressed) else value

    def __setitem__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __delitem__(self, name: str) -> None:
        del self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        return Inputs, ({name: _packed(value) for name, value in self._values.items()},)


class _Compressed:
    def __init__(self, tensor: torch.Tensor) -> None:
        array = tensor.numpy()
        self.shape, self.dtype = array.shape, array.dtype.str
        self.data = zlib.compress(np.ascontiguousarray(array).tobytes(), _LEVEL)

    def tensor(self) -> torch.Tensor:
        array = np.frombuffer(bytearray(zlib.decompress(self.data)), self.dtype)
        return torch.from_numpy(array).view(self.shape)


def _packed(value: Any) -> Any:
    known = isinstance(value, torch.Tensor) and value.dtype in (torch.float32, torch.float64, torch.uint8)
    return _Compressed(value.cpu()) if known and value.nbytes >= _LEAST else value
