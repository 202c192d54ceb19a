"""Text generation with vLLM's offline engine, on a CPU or on GPUs, in this process.

vLLM reads its environment when it is imported and when the engine starts, so it is imported here, late.
None of the project's patches is needed: the weights are loaded once and never replaced.
"""

import importlib.metadata
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from src.errors import ConfigError, UserError
from src.evaluation.prompts import Prompt, PromptReader, load_processor
from src.evaluation.settings import EvaluationSettings
from src.evaluation.weights import weights_problem
from src.tasks.asking import Completion, Request
from src.tasks.template import begun_by

# Prompts of later turns hold what the model said, which may be longer than what the first ones had in its place.
_TURNS_MARGIN = 1.25
_BATCHED_TOKENS = 8192


class Generator:
    """Answers requests; ``generate`` is a ``src.tasks.asking.Generate``. Counts time and tokens as it goes."""

    def __init__(self, llm: Any, reader: PromptReader, settings: EvaluationSettings, context: int) -> None:
        self._llm, self._reader, self._settings, self._context = llm, reader, settings, context
        self._begun = begun_by(reader.tokenizer)
        self.seconds = 0.0
        self.prompt_tokens = 0
        self.tokens = 0

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer every request, in order; a prompt that fills the context gets no answer and says so.

        An answer that the chat template has begun is whole: it has that beginning.
        """
        from vllm import SamplingParams

        began = time.perf_counter()
        prompts = [self._reader.read(request.messages, request.images) for request in requests]
        fits = [number for number, prompt in enumerate(prompts) if prompt.length < self._context]
        parameters = [SamplingParams(**self._sampling(requests[number])) for number in fits]
        inputs = [_input(prompts[number]) for number in fits]
        try:
            outputs = self._llm.generate(inputs, parameters, use_tqdm=sys.stderr.isatty())
        except RuntimeError as error:  # the engine died: vLLM has printed where
            raise UserError(f"vLLM failed while generating: {_first_line(error)}") from error
        answers = [Completion("", 0, problem="the prompt fills the model's context")] * len(requests)
        for number, output in zip(fits, outputs, strict=True):
            answer = output.outputs[0]
            answers[number] = Completion(
                self._begun + answer.text,
                len(answer.token_ids),
                answer.finish_reason == "length",
                prompt_tokens=prompts[number].length,
                cached_tokens=output.num_cached_tokens or 0,
            )
        self.seconds += time.perf_counter() - began
        self.prompt_tokens += sum(prompts[number].length for number in fits)
        self.tokens += sum(answer.tokens for answer in answers)
        return answers

    def _sampling(self, request: Request) -> dict[str, Any]:
        given, most = self._settings.temperature, self._settings.max_tokens
        return {
            "seed": request.seed,
            "temperature": given if request.temperature is None or given == 0 else request.temperature,
            "top_p": self._settings.top_p,
            "max_tokens": most if request.max_tokens is None else min(most, request.max_tokens),
        }


def _input(prompt: Prompt) -> dict[str, Any]:
    shown = {"multi_modal_data": {"image": prompt.images}} if prompt.images else {}
    return {"prompt_token_ids": prompt.tokens, **shown}


@contextmanager
def open_generator(
    model: str, settings: EvaluationSettings, requests: Sequence[Request], turns: int
) -> Iterator[Generator]:
    """Load ``model`` into vLLM for requests like ``requests``; the engine is shut down at the end.

    Raises UserError before vLLM is imported: vLLM is not installed, the tokenizer cannot be loaded or has no
    chat template, there are images and no processor for them, or a prompt does not fit. Raises it too when vLLM refuses
    the model.
    """
    on_cpu = is_cpu_build()
    _prepare_environment(on_cpu)
    tokenizer, limit = _load_tokenizer(model)
    if problem := weights_problem(model):
        raise ConfigError(problem)
    images = max(len(request.images) for request in requests)
    reader = PromptReader(tokenizer, load_processor(model) if images else None)
    longest = max(reader.read(request.messages, request.images).length for request in requests)
    if limit is not None and longest >= limit:
        raise ConfigError(
            f"the longest prompt has {longest} tokens but model {model} has a context of {limit}: give the dataset "
            "shorter prompts, or choose another model"
        )
    context = int(longest * (_TURNS_MARGIN if turns > 1 else 1)) + settings.max_tokens
    context = min(context, limit) if limit is not None else context
    defaults = _cpu_defaults(context) if on_cpu else {}
    if images:
        defaults["limit_mm_per_prompt"] = {"image": images, "video": 0}
    llm = _start_engine(model, {"max_model_len": context, "use_tqdm_on_load": False, **defaults, **settings.engine})
    try:
        yield Generator(llm, reader, settings, llm.llm_engine.model_config.max_model_len)
    finally:
        llm.llm_engine.engine_core.shutdown()


def is_cpu_build() -> bool:
    """Tell whether the installed vLLM is built for CPUs, by vLLM's own rule; UserError if there is none."""
    try:
        return "cpu" in importlib.metadata.version("vllm")
    except importlib.metadata.PackageNotFoundError:
        raise UserError("vLLM is not installed: run make run (CPU) or make setup-gpu first") from None


def _cpu_defaults(context: int) -> dict[str, Any]:
    """Engine arguments for a CPU.

    A prompt is never read in chunks: with a seed per request, vLLM 0.28 then rewinds the request's generator,
    which fails on a CPU ("CPU Generator does not use offset").
    """
    return {
        "dtype": "float32",
        "enforce_eager": True,
        "enable_chunked_prefill": False,
        "max_num_batched_tokens": max(context, _BATCHED_TOKENS),
    }


def _load_tokenizer(model: str) -> tuple[Any, int | None]:
    """Return the tokenizer, and the number of positions of the model where its config says so."""
    from transformers import AutoConfig, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
        config = AutoConfig.from_pretrained(model).get_text_config()
    except Exception as error:  # broken files fail in many ways, all of them the user's to fix
        raise ConfigError(
            f"model {model} cannot be loaded ({_first_line(error)}): export it again with its tokenizer"
        ) from error
    if tokenizer.chat_template is None:
        raise ConfigError(f"model {model} has no chat template: use an instruction model, or add chat_template.jinja")
    return tokenizer, getattr(config, "max_position_embeddings", None)


def _prepare_environment(on_cpu: bool) -> None:
    """Set what vLLM reads from the environment; a value that the user has set stays."""
    # In this process: no worker can outlive it, and a CPU start takes 6 s instead of 62 s.
    defaults = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_LOGGING_LEVEL": "ERROR"}
    if on_cpu:
        defaults["VLLM_CPU_KVCACHE_SPACE"] = "1"  # GiB; by default vLLM takes most of the memory
        defaults["OMP_NUM_THREADS"] = str(len(os.sched_getaffinity(0)))
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def _start_engine(model: str, arguments: dict[str, Any]) -> Any:
    from vllm import LLM

    try:
        return LLM(model, **arguments)
    except (ValueError, RuntimeError, OSError, TypeError, KeyError) as error:
        raise UserError(f"vLLM cannot run model {model}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else type(error).__name__
