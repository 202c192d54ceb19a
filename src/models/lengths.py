"""How long rows are in a model's own tokens: ``python -m src.models.lengths JSON``; used by the launcher."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from src.errors import DataError, UserError
from src.evaluation.prompts import PromptReader, load_processor
from src.tasks.files import write_data
from src.tasks.images import check_places
from src.tasks.stored import has_images

BATCH = 1000


@dataclass
class Lengths:
    """The tokens of rows, as their stage counts them.

    Args:
        reader: with the model's tokenizer, and its processor where a file has images.
        scaled: images that are larger than the model takes; the processor scales them down.
    """

    reader: PromptReader
    scaled: int = field(default=0, init=False)

    def of(self, file: Path) -> Iterator[int]:
        """The tokens of every row of a file.

        Args:
            file: of RL, whose prompts end where the answer begins, or of SFT, with the answer.

        Raises:
            DataError: an image that cannot be shown; the message has its row.
        """
        import pyarrow.parquet as pq

        rows = pq.ParquetFile(file)
        trained = "messages" in rows.schema_arrow.names
        column = "messages" if trained else "prompt"
        columns = [column, *(["images"] if has_images(file) else [])]
        tokenizer, before = self.reader.tokenizer, 0
        for batch in rows.iter_batches(BATCH, columns=columns):
            chats = batch.column(column).to_pylist()
            if len(columns) == 1:
                texts = tokenizer.apply_chat_template(chats, tokenize=False, add_generation_prompt=not trained)
                yield from (len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"])
                continue
            for place, (chat, images) in enumerate(zip(chats, batch.column("images").to_pylist(), strict=True)):
                try:
                    if trained:  # veRL's SFT rows have an image for each place, also where there are none
                        check_places(chat, images)
                    prompt = self.reader.read(chat, [one["bytes"] for one in images], answered=trained)
                except DataError as error:
                    raise DataError(f"{file}, row {before + place}: {error}") from None
                self.scaled += sum(self._is_too_large(image) for image in prompt.images)
                yield prompt.length
            before += len(chats)

    def _is_too_large(self, image: Any) -> bool:
        most = (getattr(self.reader.processor.image_processor, "size", None) or {}).get("longest_edge")
        return most is not None and image.width * image.height > most


def too_long(model: str, limits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Look for rows that are longer than their stage takes.

    Args:
        model: a folder or a hub name.
        limits: mappings with ``file`` and ``limit``, and ``fitting``, where the rows that fit are to be written when
            others do not; further keys are given back.

    Returns:
        ``too_long``, those of ``limits`` that rows of their file exceed, with the ``longest`` row and the ``count`` of
        such rows and of all ``rows``; and ``scaled``, how many images are larger than the model takes.

    Raises:
        UserError: images that the model cannot be shown.
    """
    from transformers import AutoTokenizer

    processor = load_processor(model) if any(has_images(Path(one["file"])) for one in limits) else None
    lengths = Lengths(PromptReader(AutoTokenizer.from_pretrained(model), processor))
    found = []
    for one in limits:
        file, limit = Path(one["file"]), one["limit"]
        of_rows = list(lengths.of(file))
        if over := [length for length in of_rows if length > limit]:
            if one.get("fitting"):
                _keep(file, [length <= limit for length in of_rows], Path(one["fitting"]))
            found.append({**one, "longest": max(over), "count": len(over), "rows": len(of_rows)})
    return {"too_long": found, "scaled": lengths.scaled}


def _keep(file: Path, mask: Sequence[bool], to: Path) -> None:
    """Write the rows of a file that a mask picks, a row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pq.ParquetFile(file)

    def write(partial: Path) -> None:
        first = 0
        with pq.ParquetWriter(partial, rows.schema_arrow) as kept:
            for number in range(rows.num_row_groups):
                group = rows.read_row_group(number)
                kept.write_table(group.filter(pa.array(mask[first : first + len(group)], pa.bool_())))
                first += len(group)

    write_data(to, write)


def main() -> None:
    """Print what is too long as the last line, in JSON; ``problem`` is a sentence where nothing could be counted."""
    request = json.loads(sys.argv[1])
    try:
        found = too_long(request["model"], request["limits"])
    except UserError as error:
        found = {"problem": str(error)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
