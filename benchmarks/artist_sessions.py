"""What ARTIST's rounds cost: a batch of sessions beside one plain call of vLLM for the same prompts and tokens.

    .venv/bin/python benchmarks/artist_sessions.py model=FOLDER dataset=artist_short questions=16 sessions=4

FOLDER is a stage's model, such as ``outputs/artist/RUN/checkpoints/sft/global_step_700/huggingface``. All sessions go
on side by side, and one call waits for another only inside a session. Both are measured in this process, with the
engine that an evaluation uses and its cache in blocks of 32 tokens, which is emptied between them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from recipes.artist.task import Artist
from src.config.group import compose_group
from src.evaluation.generate import open_generator
from src.evaluation.settings import EvaluationSettings
from src.tasks.asking import Completion, Request
from src.tasks.task import load_task


def main() -> None:
    words = dict(word.split("=", 1) for word in sys.argv[1:])
    keys = [
        f"dataset.{key}={value}"
        for key, value in words.items()
        if key not in ("model", "dataset", "questions", "sessions")
    ]
    task = load_task(compose_group("dataset", words.get("dataset", "artist_short"), keys), log=lambda line: None)
    assert isinstance(task, Artist)
    rows = list(task.rows("test"))[: int(words.get("questions", 16))]
    of = task.typed.session
    longest = max(of.controller.max_tokens, of.reasoner.max_tokens)
    settings = EvaluationSettings(max_tokens=longest, engine={"block_size": 32, "enable_prefix_caching": True})
    with open_generator(words["model"], settings, task.longest(rows), task.turns) as generator:
        made: list[tuple[Request, Completion]] = []

        def noted(requests: Sequence[Request]) -> list[Completion]:
            said = generator.generate(requests)
            made.extend(zip(requests, said, strict=True))
            return said

        task.play(rows, 1, 1, generator.generate)  # what is compiled or allocated once
        generator._llm.reset_prefix_cache()
        began = time.perf_counter()
        task.play(rows, int(words.get("sessions", 4)), 0, noted, of.answers)
        sessions = time.perf_counter() - began
        generator._llm.reset_prefix_cache()
        plain = plainly(generator, made)
    tokens = sum(said.tokens for _, said in made)
    read = sum(said.prompt_tokens for _, said in made)
    cached = sum(said.cached_tokens for _, said in made)
    print(f"{len(made)} calls, {read} prompt tokens of which the cache had {cached / read:.2f}, {tokens} new tokens")
    print(f"sessions {sessions:.2f} s, one plain call {plain:.2f} s: {sessions / plain:.2f} times")


def plainly(generator: Any, made: Sequence[tuple[Request, Completion]]) -> float:
    """Seconds of one call for the same prompts, each with as many new tokens as it had."""
    from vllm import SamplingParams

    prompts = [{"prompt_token_ids": generator._reader.read(one.messages, one.images).tokens} for one, _ in made]
    parameters = [
        SamplingParams(
            seed=one.seed, temperature=one.temperature, max_tokens=said.tokens, min_tokens=said.tokens, ignore_eos=True
        )
        for one, said in made
    ]
    began = time.perf_counter()
    generator._llm.generate(prompts, parameters, use_tqdm=False)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
