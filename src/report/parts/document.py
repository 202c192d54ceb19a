"""The frame of every page: one HTML file with style, scripts and data inside, that asks nothing of a network."""

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.errors import UserError
from src.record.files import write_whole
from src.report.parts.wording import text

ASSETS = Path(__file__).parents[1] / "assets"


def document(
    title: str, body: str, data: Any, *, scripts: Sequence[str], styles: Sequence[str], allowed: Sequence[str] = ()
) -> str:
    """Return a page as HTML text.

    Args:
        title: plain text.
        body: the page's header and main element, as HTML.
        data: what its scripts draw; see ``to_json``.
        scripts: files of ``assets/``, in their order; ``styles`` too.
        allowed: further directives of the content security policy, such as ``img-src data:``.
    """
    script, style = _read(scripts), _read(styles)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # The policy lets the page run its own script only and fetch nothing, whatever text a model wrote into it.
    policy = ["default-src 'none'", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'", *allowed]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{"; ".join(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{text(title)}</title>
<style>{style}</style>
</head>
<body>
{body}
<noscript><p class="notes">Much of this page is drawn by a script, which is switched off.</p></noscript>
<div id="tip" hidden></div>
<div id="spoken" role="status"></div>
<svg id="namespace" width="0" height="0" aria-hidden="true"></svg>
<script type="application/json" id="data">{to_json(data)}</script>
<script>{script}</script>
</body>
</html>
"""


def write_page(target: Path, content: str) -> Path:
    """Write a file of a report, whole or not at all; UserError when it cannot be written. Returns where it is."""
    try:
        write_whole(target, content.encode("utf-8", errors="replace"))
    except OSError as error:
        raise UserError(f"{target} cannot be written ({error.strerror}): free the disk or the folder.") from error
    return target


def to_json(data: Any) -> str:
    """Return JSON that is safe inside a script element: no ``<``, and null for what is not finite."""
    return json.dumps(_plain(data), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _plain(value: Any) -> Any:
    """Round floats to six digits, which is more than a screen shows, and drop non-finite ones."""
    if isinstance(value, float):
        short = float(f"{value:.6g}") if math.isfinite(value) else None
        return int(short) if short is not None and short.is_integer() and abs(short) < 1e15 else short
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _read(names: Sequence[str]) -> str:
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names)
