"""veRL's SFT rows with images, of which some may have none."""

from __future__ import annotations

from typing import Any

from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset

from src.errors import UserError


class RowsWithImages(MultiTurnSFTDataset):
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
