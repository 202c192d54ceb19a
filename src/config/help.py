"""``python -m src.launch --help``: first what a user chooses, then veRL's own groups, then how keys are given."""

from __future__ import annotations

import textwrap
from pathlib import Path

from src.config.compose import CONF, GROUPS, options, verl_config_folder

# This project's groups in the order in which a user meets them; a sweep's are Hydra's by name.
SHOWN = ("scale", "runtime", *GROUPS, "hydra/launcher", "hydra/sweeper")
HEAD = """\
Train a language model to reason about time series, with reinforcement learning on veRL.

python -m src.launch +recipe=RECIPE [GROUP=OPTION ...] [KEY=VALUE ...]"""
USAGE = """\
Any key of veRL is overridden by its own name (actor_rollout_ref.actor.optim.lr=2e-6); the SFT stages' keys stand under
sft. (sft.optim.lr=1e-4), those of a single stage under stage.NAME. (stage.rl.data.train_batch_size=64).

launch.dry_run=true   print every stage's resolved config and what differs from veRL's defaults
-m key=a,b seed=1,2   a sweep: a run for every combination, sweep.jobs=N at once; see docs/sweeps.md
repeat=RUN            a new run with the recorded configuration of another one; see docs/runs.md
--cfg job             print the composed config"""
_WIDTH = 120


def help_text() -> str:
    """The whole help, for a terminal."""
    recipes = {f"+recipe={name}": title(CONF / "recipe" / f"{name}.yaml") for name in options("recipe")}
    own = {f"{_plus(group)}{group}=": ", ".join(options(group)) for group in SHOWN}
    tree = verl_config_folder()
    groups = sorted(folder.name for folder in tree.iterdir() if any(folder.glob("*.yaml")))
    verl = {group: ", ".join(options(group, tree)) for group in groups}
    parts = [
        HEAD,
        f"Recipes\n{_table(recipes)}",
        f"Groups, with their options\n{_table(own)}",
        f"veRL's own groups, which recipes and runtimes choose from\n{_table(verl)}",
        USAGE,
    ]
    return "\n\n".join(parts)


def title(recipe: Path) -> str:
    """The first line of a recipe's YAML that says what it is."""
    for line in recipe.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") and not line.startswith("# @package"):
            return line.lstrip("# ").rstrip()
    return ""


def _plus(group: str) -> str:
    return "+" if group == "ablation" else ""  # no run has one unless it is given


def _table(rows: dict[str, str]) -> str:
    margin = max(map(len, rows)) + 4
    lines = []
    for name, text in rows.items():
        first, *more = textwrap.wrap(text, _WIDTH - margin, break_on_hyphens=False) or [""]
        lines += [f"  {name:<{margin - 2}}{first}", *(" " * margin + line for line in more)]
    return "\n".join(lines)
