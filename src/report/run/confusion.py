"""Which classes are taken for which, stage beside stage: the confusion matrices of ``evaluation.json``."""

from collections.abc import Mapping
from typing import Any

from src.report.parts.wording import text
from src.report.run.comparison import stage_label


def matrices(details: Mapping[str, Mapping[str, Any]], dataset: str | None) -> str:
    """Return a table for each stage whose details hold ``confusion``: ``classes`` and ``counts``; or nothing.

    Args:
        details: stage -> what its task found on the dataset.
        dataset: its name, where there are several.
    """
    found = {stage: one["confusion"] for stage, one in details.items() if _is_matrix(one.get("confusion"))}
    tables = "".join(
        _table(f"after {stage_label(stage)}{f', {dataset}' if dataset else ''}", **one) for stage, one in found.items()
    )
    if not tables:
        return ""
    lead = "Which class is answered for which: a row for each true class, the share of its answers as the shade."
    return f'<p class="remark">{lead}</p><div class="tables">{tables}</div>'


def _table(title: str, classes: list[str], counts: list[list[int]]) -> str:
    body = ""
    for place, (name, row) in enumerate(zip(classes, counts, strict=True)):
        cells = ""
        for column, count in enumerate(row):
            kind = "right" if column == place else "wrong"
            share = count / max(1, sum(row))
            cells += f'<td class="{kind}" style="--share:{share:.3f}" title="{share:.0%}">{count}</td>'
        body += f'<tr><th scope="row">{text(name)}</th>{cells}</tr>'
    heads = "".join(f'<th scope="col">{text(name)}</th>' for name in [*classes, "no class"])
    return (
        f'<div class="scroll"><table class="confusion"><caption>Confusion {text(title)}</caption>'
        f'<thead><tr><th scope="col">Truth</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _is_matrix(found: Any) -> bool:
    """Whether it is one of n classes, with a column for each and one for answers that name none."""
    if not isinstance(found, Mapping) or set(found) != {"classes", "counts"}:
        return False
    classes, counts = found["classes"], found["counts"]
    return (
        isinstance(classes, list)
        and isinstance(counts, list)
        and len(classes) == len(counts)
        and all(
            isinstance(row, list) and len(row) == len(classes) + 1 and all(isinstance(one, int) for one in row)
            for row in counts
        )
    )
