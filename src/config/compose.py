"""Where Hydra finds the YAML, and in which order the layers of a run are applied.

veRL's own YAML tree is the root of every run's configuration, so that any of its keys is overridden by its own name.
It is put on Hydra's search path as a folder: naming it as a package would import veRL, and with it torch and Ray,
which costs 27 times as much.

Order of authority: defaults, recipe, scale, runtime, the command line. Hydra applies appended groups in the order of
the command line, so the command line is put into that order before Hydra reads it.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from src.config.moved import refuse_moved
from src.config.quoting import check_grammar, expand_home
from src.errors import ConfigError

CONF = Path(__file__).resolve().parents[2] / "conf"
LAYERS = ("recipe", "scale", "runtime")
GROUPS = ("algorithm", "dataset", "reward", "model", "ablation")  # this project's others


def verl_config_folder() -> Path:
    """veRL's YAML tree, found without importing veRL.

    Raises:
        ConfigError: veRL is not installed.
    """
    spec = importlib.util.find_spec("verl")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("veRL is not installed in this environment: run `make setup`")
    return Path(spec.submodule_search_locations[0]) / "trainer" / "config"


class VerlSearchPath(SearchPathPlugin):
    """Adds veRL's YAML tree behind the project's own."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append("verl", f"file://{verl_config_folder()}")


def register_search_path() -> None:
    """Make Hydra look into veRL's YAML tree, in this process."""
    Plugins.instance().register(VerlSearchPath)


def has_accelerator() -> bool:
    """Whether this machine shows an accelerator, found without importing torch."""
    return any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/kfd", "/dev/davinci_manager"))


def order_arguments(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """Put the layers into their order of authority, and choose runtime and scale where the user did not.

    Args:
        arguments: the command line without the program; ``recipe=``, ``scale=`` and ``runtime=`` may stand anywhere,
            with or without a leading ``+``.

    Returns:
        The command line for Hydra, and a line that says what was chosen (None when nothing was).

    Raises:
        ConfigError: a layer is given twice, a group has no such option, a key has another name now, or Hydra cannot
            parse a word.
    """
    chosen: dict[str, str] = {}
    overrides: list[str] = []
    flags: list[str] = []  # Hydra's own, with their values; it takes them behind all overrides, not among them
    ours_only = not any(argument.startswith(("--config-dir", "-cd", "hydra.searchpath")) for argument in arguments)
    for argument in arguments:
        key, separator, value = argument.lstrip("+").partition("=")
        if argument.startswith("-") or not (separator or argument.startswith("~")):
            flags.append(argument)
        elif key not in LAYERS:
            refuse_moved([key])
            check_grammar([argument])
            if key in GROUPS and ours_only:
                _check_option(key, value, options(key))
            overrides.append(_of_a_stage(expand_home(argument)))
        elif key in chosen:
            raise ConfigError(f"{key}= is given twice: {chosen[key]} and {value}; give it once")
        else:
            chosen[key] = value
    note = None
    if "recipe" in chosen:
        note = _choose(chosen)
    return [*_layers(chosen), *overrides, *flags], note


def as_typed(overrides: Sequence[str]) -> list[str]:
    """Hydra's overrides of one run as a user would type them: ``order_arguments`` accepts them again."""
    typed = []
    for override in overrides:
        key, _, value = override.partition("=")
        if key in ("+scale", "+runtime"):
            override = f"{key[1:]}={value.rpartition('/')[2]}"
        elif key.startswith("++stage."):
            key = key.removeprefix("++")
            of_group = key.removesuffix(".option")
            override = f"{of_group if _STAGE_GROUP.fullmatch(of_group) else key}={value}"
        typed.append(override)
    return typed


# What chooses an option for one stage only; the key that Hydra is given ends in ``.option``.
_STAGE_GROUP = re.compile(r"stage\.[^.]+\.(?:dataset|reward|algorithm)")


def _of_a_stage(argument: str) -> str:
    """An override of a stage's node as Hydra takes it: the node need not list the key; an option has one of its own.

    A node holds what differs in its stage only, so that most keys are new to it; which of them exist is checked later.
    """
    key, equals, value = argument.partition("=")
    key = key.lstrip("+")
    if not equals or not key.startswith("stage."):
        return argument
    if _STAGE_GROUP.fullmatch(key) and value not in ("", "null") and not value.startswith("{"):
        key += ".option"
    return f"++{key}={value}"


def _choose(chosen: dict[str, str]) -> str | None:
    missing = [layer for layer in ("scale", "runtime") if layer not in chosen]
    if not missing:
        return None
    accelerator = has_accelerator()
    chosen.setdefault("runtime", "gpu" if accelerator else "cpu")
    if "scale" in missing:
        chosen["scale"] = "demo" if chosen["runtime"] == "cpu" else "paper"
    found = "an accelerator was found" if accelerator else "no accelerator was found"
    settings = " ".join(f"{layer}={chosen[layer]}" for layer in ("runtime", "scale"))
    return f"{found}: {settings} (give {' and '.join(f'{m}=' for m in missing)} to choose otherwise)"


def _layers(chosen: dict[str, str]) -> list[str]:
    recipe = chosen.get("recipe")
    ordered = []
    for layer in LAYERS:
        if layer not in chosen:
            continue
        value = chosen[layer]
        known = _sizes(recipe) if layer == "scale" else options(layer)
        _check_option(layer, value, known)
        if layer == "scale" and recipe is not None:
            # A recipe's own sizes lie in conf/scale/<recipe>/.
            value = re.sub(rf"\b({'|'.join(known)})\b", rf"{recipe}/\1", value)
        ordered.append(f"+{layer}={value}")
    return ordered


def _sizes(recipe: str | None) -> list[str]:
    """The scales that a recipe has; those of all where it is another folder's, or none is named."""
    return options("scale" if recipe is None or not (CONF / "scale" / recipe).is_dir() else f"scale/{recipe}")


def _check_option(group: str, value: str, known: Sequence[str]) -> None:
    """Say what there is: Hydra would list the files too that others start from."""
    if "(" in value or value in ("", "null"):
        return  # a sweep's expression is Hydra's to check
    for one in value.split(","):
        if one not in known and one not in options(group, verl_config_folder()):
            raise ConfigError(f"unknown {group} {one!r}; choose one of: {', '.join(known)}")


def options(group: str, conf: Path = CONF) -> list[str]:
    """What a group can be, by name: its files, in folders of recipes too, but not those that start with ``_``."""
    return sorted({path.stem for path in (conf / group).rglob("[!_]*.yaml")})
