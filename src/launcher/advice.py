"""What to do about errors whose own words do not say it: a full disk, a port in use, too little memory."""

from __future__ import annotations

import re

_DISK = "the disk is full: free some space, or keep runs elsewhere with run.folder="
_PORT = "another program took a port between its choice and its use: run the same command again"
_MEMORY = (
    "the memory is full: end other programs, or lower actor_rollout_ref.rollout.max_num_seqs, "
    "actor_rollout_ref.actor.ppo_max_token_len_per_gpu and sft.data.max_token_len_per_gpu"
)
_KNOWN = (
    (re.compile(r"No space left on device|Disk quota exceeded|PytorchStreamWriter failed writing", re.I), _DISK),
    (re.compile(r"Address already in use|EADDRINUSE|address is already in use", re.I), _PORT),
    (re.compile(r"^MemoryError|out of memory|OutOfMemory|Cannot allocate memory|can't allocate memory", re.I), _MEMORY),
)


def advice(error: str | None) -> str | None:
    """One sentence that names the fix, or None for an error whose own words must do.

    Args:
        error: the line that ``watch.last_error`` found.
    """
    for pattern, sentence in _KNOWN:
        if error is not None and pattern.search(error):
            return sentence
    return None
