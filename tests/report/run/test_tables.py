"""The tables of a run's page."""

import re

from recorded import choices

from src.report.run.comparison import compare
from src.report.run.tables import comparison_tables


def test_the_table_of_an_accuracy() -> None:
    html = comparison_tables(compare(choices(model=0.62, majority=0.48)))
    cells = re.findall(r"<t[dh](?: [^>]*)?>([^<]*)", html)
    assert cells[:4] == ["Answers", "acc", "Failed answers", "acc against best baseline"]
    assert cells[8:] == [
        *("Model, after RL (step 1)", "0.620", "0 %", "+0.140"),
        *("Baseline: majority", "0.480", "0 %", "best baseline"),
        *("Bound: oracle", "1.00", "0 %", "+0.520"),
    ]
    assert re.findall(r'<td class="best">([^<]*)', html) == ["0.620"]
