"""Images of samples, put into the page as data, so that it stays one file that asks nothing of a network."""

import base64
import re
from pathlib import Path
from typing import Any

BUDGET = 3_000_000  # characters of all images in the page
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif"}
DATA_URI = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=]+")


class Images:
    """Embeds the images of a run until the budget is spent.

    Args:
        folder: the run's; a path that leads out of it is not followed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.size = 0  # characters embedded
        self._seen: dict[str, dict[str, str]] = {}
        self._over = 0
        self._bad: list[str] = []
        self.unread: list[str] = []  # notes of those who look for images

    def embed(self, image: Any, name: str = "an inline image") -> dict[str, str] | None:
        """Return ``{"data": URI}``, or ``{"path": ...}`` where the budget is spent, or None where there is no image.

        Args:
            image: a path relative to the run's folder, or a data URI, of a PNG, JPEG, WebP or GIF.
            name: of a data URI, for where it is left out.
        """
        if not isinstance(image, str) or not image:
            return None
        if image not in self._seen:
            self._seen[image] = self._read(image, name if image.startswith("data:") else image)
        return self._seen[image]

    def _read(self, image: str, name: str) -> dict[str, str]:
        uri = image if DATA_URI.fullmatch(image) else self._file(image)
        if uri is None:
            self._bad.append(name[:200])
            return {"path": name[:200]}
        if self.size + len(uri) > BUDGET:
            self._over += 1
            return {"path": name}
        self.size += len(uri)
        return {"data": uri}

    def _file(self, image: str) -> str | None:
        path = (self.folder / image).resolve()
        kind = TYPES.get(path.suffix.lower())
        try:
            if kind is None or not path.is_relative_to(self.folder) or not path.is_file():
                return None
            return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        except (OSError, ValueError):
            return None

    @property
    def notes(self) -> list[str]:
        """What the reader must know: images left out, and images that cannot be shown."""
        notes = list(self.unread)
        if self._over:
            notes.append(
                f"{self._over} image(s) of samples are left out to keep the page small; their paths are shown."
            )
        if self._bad:
            shown = ", ".join(self._bad[:3]) + (", ..." if len(self._bad) > 3 else "")
            notes.append(
                f"{len(self._bad)} image(s) of samples are not PNG, JPEG, WebP or GIF files of the run's folder and "
                f"are not shown: {shown}."
            )
        return notes
