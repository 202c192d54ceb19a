"""Errors that do not say what to do get one sentence that does."""

import errno
import os

import pytest

from src.launcher.advice import advice

ERRORS = {
    f"OSError: [Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}": "run.folder=",
    f"OSError: [Errno {errno.EDQUOT}] {os.strerror(errno.EDQUOT)}": "run.folder=",
    "RuntimeError: [enforce fail at inline_container.cc:668] PytorchStreamWriter failed writing file": "run.folder=",
    f"OSError: [Errno {errno.EADDRINUSE}] {os.strerror(errno.EADDRINUSE)}": "run the same command again",
    "torch.distributed.DistNetworkError: The server socket has failed to listen (errno: 98 - Address already in use)": (
        "run the same command again"
    ),
    "RuntimeError: DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes": "max_num_seqs",
    "MemoryError: no room for the KV cache": "max_num_seqs",
    "torch.OutOfMemoryError: CUDA out of memory.": "max_num_seqs",
}


@pytest.mark.parametrize(("error", "fix"), ERRORS.items())
def test_a_known_error_names_its_fix(error: str, fix: str) -> None:
    found = advice(error)
    assert found is not None and fix in found


@pytest.mark.parametrize("error", [None, "ValueError: batch of 7", "AssertionError: MemoryError was expected"])
def test_other_errors_keep_their_own_words(error: str | None) -> None:
    assert advice(error) is None
