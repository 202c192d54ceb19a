"""How long rows are in a model's own tokens: ``python -m src.models.lengths JSON``; used by the launcher."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

BATCH = 1000


def row_lengths(tokenizer: Any, file: Path) -> Iterator[int]:
    """The tokens of every row of a file, as its stage counts them.

    Args:
        tokenizer: with the chat template.
        file: of RL, whose prompts end where the answer begins, or of SFT, with the answer.
    """
    import pyarrow.parquet as pq

    rows = pq.ParquetFile(file)
    trained = "messages" in rows.schema_arrow.names
    column = "messages" if trained else "prompt"
    for batch in rows.iter_batches(BATCH, columns=[column]):
        chats = batch.column(column).to_pylist()
        texts = tokenizer.apply_chat_template(chats, tokenize=False, add_generation_prompt=not trained)
        yield from (len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"])


def too_long(model: str, limits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those of ``limits`` that rows of their ``file`` exceed, with the ``longest`` row and the ``count`` of such rows.

    Args:
        model: a folder or a hub name.
        limits: mappings with ``file`` and ``limit``; other keys are given back.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    found = []
    for one in limits:
        over = [length for length in row_lengths(tokenizer, Path(one["file"])) if length > one["limit"]]
        if over:
            found.append({**one, "longest": max(over), "count": len(over)})
    return found


def main() -> None:
    """Print what is too long as the last line, in JSON."""
    request = json.loads(sys.argv[1])
    print(json.dumps(too_long(request["model"], request["limits"])))


if __name__ == "__main__":
    main()
