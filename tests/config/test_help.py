"""What ``--help`` shows, and in which order."""

import re

from src.config.compose import CONF
from src.config.help import SHOWN, title


def test_help_shows_recipes_then_our_groups_then_verls_then_the_usage(python) -> None:
    done = python("-m", "src.launch", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout
    heads = ("\nRecipes\n", "\nGroups, with their", "\nveRL's own groups", "\nAny key of veRL")
    places = [shown.index(words) for words in heads]
    assert places == sorted(places)
    recipes, groups, verl, _ = (shown[a:b] for a, b in zip(places, [*places[1:], None], strict=True))
    assert "  +recipe=time_r1     Time-R1, arXiv 2506.10630: SFT on reasoning traces, then GRIP" in recipes
    assert len(re.findall(r"^  \+recipe=", recipes, re.M)) == len(list((CONF / "recipe").glob("[!_]*.yaml")))
    assert re.search(r"^  scale= +demo, demo_motions, paper, smoke$", groups, re.M)
    assert re.search(r"^  reward= +.*time_r1_paper", groups, re.M) and "actor" not in groups
    assert re.search(r"^  rollout +rollout$", verl, re.M) and "time_r1" not in verl
    assert not re.search(r"[ =]_", shown)  # no file that others start from
    assert max(map(len, shown.splitlines())) <= 120


def test_no_group_of_conf_is_left_out() -> None:
    folders = {folder.name for folder in CONF.iterdir() if folder.is_dir()}
    assert folders - {"dashboard", "hydra", "recipe"} == {group for group in SHOWN if not group.startswith("hydra/")}
    assert {f"hydra/{folder.name}" for folder in (CONF / "hydra").iterdir()} <= set(SHOWN)


def test_every_recipe_has_a_title() -> None:
    for file in (CONF / "recipe").glob("[!_]*.yaml"):
        assert len(title(file)) > 20, file
