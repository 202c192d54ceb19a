"""veRL's rows of SFT and of RL with images, of which some may have none."""

from __future__ import annotations

from typing import Any

from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset
from verl.utils.dataset.rl_dataset import RLHFDataset

from src.errors import UserError
from src.tasks.images import data_uri, with_parts


class SFTRows(MultiTurnSFTDataset):
    """What it changes.

    * A row without an image has the key of the images too: a batch is made of the keys of its first row.
    * That the messages' tokens are those of the whole conversation is checked with the first row only: it takes as long
      as all else, and the chat template is the same for all.
    * A processor that could not be loaded stops the stage: veRL goes on with None.
    """

    checked = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.processor is None:
            raise UserError(
                "the rows have images, and the model's processor could not be loaded: copy its files to the model's "
                "folder, or choose a vision-language model"
            )

    def __getitem__(self, item: int) -> dict[str, Any]:
        row: dict[str, Any] = super().__getitem__(item)
        return {"multi_modal_inputs": {}, **row}

    def sanity_check(self, *args: Any, **kwargs: Any) -> None:
        if not self.checked:
            super().sanity_check(*args, **kwargs)
            self.checked = True


class RLRows(RLHFDataset):
    """What it changes: images are sent as the files that they are, and once.

    The queue keeps a row's messages for each of its rollouts. veRL has the pixels in them, the files beside these, and
    all of it a second time in the column that they were made of. Whoever needs the pixels opens the file.
    """

    def __getitem__(self, item: int) -> dict[str, Any]:
        row: dict[str, Any] = super().__getitem__(item)
        row.pop(self.prompt_key)
        return row

    def _build_messages(self, example: dict[str, Any], key: str) -> list[dict[str, Any]]:
        images = example.get(self.image_key) or []
        return with_parts(example[key], [data_uri(image["bytes"]) for image in images])
