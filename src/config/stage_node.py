"""What ``stage.<name>`` says, and the run's configuration as that stage sees it.

A stage is the run's configuration with the stage's node laid over it. The node holds ``kind``, which trainer trains it
(``sft`` or ``rl``); ``dataset``, ``reward`` and ``algorithm``, each a mapping over the run's own, or over the
``option`` that it names; ``reference``, the model that KL is measured from; and any key of veRL by its own name, from
the root of the stage's trainer. So ``stage.perception.data.train_batch_size`` is ``data.train_batch_size`` in that
stage alone.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from src.config.algorithm import ACTOR
from src.config.group import compose_group, group_file
from src.errors import ConfigError

# The primary config's keys that are not veRL's.
OWN_KEYS = (
    "sft",
    "stages",
    "stage",
    "run",
    "launch",
    "sweep",
    "logging",
    "evaluation",
    "runtime",
    "ray",
    "recipe",
    "scale",
    "seed",
    "dataset",
    "model",
)
TRAINERS = {"sft": "sft", "rl": "ppo"}  # a stage's kind -> veRL's trainer
GROUPS = ("dataset", "reward", "algorithm")
BEST = "best"  # as a step of run.from
FIRST = "first"  # as a reference: the model that the run's first stage starts from
OPTION = "option"  # in a group's mapping: the option that it starts from
CHOSEN = "chosen"  # in its place once the option's keys stand beside it
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_TAKEN = ("evaluation", "model", "preload", BEST)  # logs of a run that are not of a stage; a step's name
# Mappings of veRL whose keys are not veRL's to list.
_OPEN = ("custom_reward_function", "override_config", "engine_kwargs", "apply_chat_template_kwargs", "runtime_env")

Plain = dict[str, Any]


def settle(cfg: DictConfig, choices: Mapping[str, Any]) -> None:
    """Put the keys of every option that a stage names into its node, so that the record holds all that was meant.

    What recipe, scale and command line change in the run's own option counts for the stage's option too, where the
    files of both say the same: the values that a smoke run lowers, or a setting of the machine.

    Args:
        choices: group -> the run's own option, as Hydra knows it.

    Raises:
        ConfigError: there is no such option, or it has no such key.
    """
    for name, node in _nodes(cfg).items():
        for group in GROUPS:
            choice = node.get(group) if isinstance(node, Mapping) else None
            if choice is not None and not isinstance(choice, Mapping):  # a mapping laid over it would replace it
                raise ConfigError(f"stage.{name}.{group}: {choice}: a file says {{{OPTION}: {choice}}}")
            if isinstance(choice, Mapping) and OPTION in choice:
                with open_dict(cfg):
                    cfg.stage[name][group] = _settled(f"{name}.{group}", group, choice, cfg, choices.get(group))


def _settled(where: str, group: str, choice: Mapping[str, Any], cfg: DictConfig, own: str | None) -> Plain:
    option = choice[OPTION]
    try:
        keys: Any = OmegaConf.to_container(compose_group(group, str(option)), resolve=False)
    except ConfigError as error:
        raise ConfigError(f"stage.{where}={option}: {error}") from None
    rest = {key: value for key, value in choice.items() if key != OPTION}
    _refuse_unknown(where, rest, keys)
    if own is not None:
        run: Any = OmegaConf.to_container(cfg[group], resolve=False)
        keys = _carried(keys, group_file(group, own), run)
    return {CHOSEN: option, **merged(keys, rest)}


def check_nodes(cfg: DictConfig) -> None:
    """Refuse stages that have no node, and nodes that say something which no stage can be told.

    Raises:
        ConfigError: in one sentence, with the stage and the nearest key.
    """
    nodes = _nodes(cfg)
    for name, node in nodes.items():
        if not isinstance(node, Mapping) or node.get("kind") is None:
            raise ConfigError(
                f"stage.{name} says nothing of its trainer{_meant(name, nodes)}: give stage.{name}.kind=sft or =rl"
            )
        if node["kind"] not in TRAINERS:
            raise ConfigError(f"stage.{name}.kind={node['kind']}: choose one of {', '.join(TRAINERS)}")
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise ConfigError(f"a stage cannot be called {name!r}: use letters, digits, - and _, and not a log's name")
    for name in cfg.stages:
        if name not in nodes:
            raise ConfigError(
                f"unknown stage {name!r}{_meant(str(name), nodes)}: stages are {', '.join(nodes)}, "
                f"and stage.{name}.kind=sft or =rl makes another"
            )
    plain: Any = OmegaConf.to_container(cfg, resolve=False)
    for name, node in nodes.items():
        _check_keys(name, node, plain)


def seen_by(name: str, config: Mapping[str, Any]) -> Plain:
    """The run's configuration as the stage ``name`` sees it.

    Args:
        config: the composed configuration, as plain containers.

    Returns:
        The same tree with the stage's node laid over it, for SFT without RL's; of the nodes only ``kind`` and
        ``reference`` stay.
    """
    node = config["stage"][name]
    sft = node["kind"] == "sft"
    # What is laid over is copied, the rest is shared.
    seen = {key: value for key, value in config.items() if not sft or key in (*OWN_KEYS, "trainer")}
    seen["stage"] = {name: {key: node[key] for key in ("kind", "reference") if key in node}}
    for group in GROUPS:
        if (choice := node.get(group)) is not None:
            whole = CHOSEN in choice and group != "algorithm"  # whose options lie over veRL's keys
            own = {key: value for key, value in choice.items() if key != CHOSEN}
            base = {} if whole else dict(seen.get(group, {}))
            if CHOSEN in choice:
                base.pop(ACTOR, None)  # of the run's own algorithm
            seen[group] = merged(base, own)
    own = {key: value for key, value in node.items() if key not in ("kind", "reference", *GROUPS)}
    if sft:
        seen["sft"] = merged(seen.get("sft", {}), own)
        return seen
    return merged(seen, own)


def merged(base: Any, over: Any) -> Any:
    """``over`` laid over ``base``: mappings key by key, everything else replaced."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return copy.deepcopy(over)
    result = dict(base)
    for key, value in over.items():
        result[key] = merged(result[key], value) if key in result else copy.deepcopy(value)
    return result


def _nodes(cfg: DictConfig) -> Plain:
    nodes: Any = OmegaConf.to_container(cfg.stage, resolve=False)
    return nodes


def _carried(option: Mapping[str, Any], own: Mapping[str, Any], run: Mapping[str, Any]) -> Plain:
    """``option``, with what ``run`` changed in its ``own`` option where both options say the same."""
    result = dict(option)
    for key, value in option.items():
        if key not in own or key not in run:
            continue
        if all(isinstance(one, Mapping) for one in (value, own[key], run[key])):
            result[key] = _carried(value, own[key], run[key])
        elif value == own[key]:
            result[key] = copy.deepcopy(run[key])
    return result


def _check_keys(name: str, node: Mapping[str, Any], config: Plain) -> None:
    sft = node["kind"] == "sft"
    for key in ("reward", "algorithm", "reference") if sft else ():
        if node.get(key) is not None:
            raise ConfigError(f"stage.{name}.{key}: an SFT stage has no {key}; leave it out")
    root = config["sft"] if sft else {key: value for key, value in config.items() if key not in OWN_KEYS}
    root = {**root, "kind": None, "dataset": config["dataset"], "reference": None}
    for group in GROUPS:
        if isinstance(node.get(group), Mapping) and CHOSEN in node[group]:
            root[group] = None  # the option's own keys, which are there
    _refuse_unknown(name, node, root)


def _refuse_unknown(where: str, node: Mapping[str, Any], root: Mapping[str, Any]) -> None:
    for path in _unknown(node, root, ()):
        raise ConfigError(f"stage.{where}.{'.'.join(path)}: there is no such key{_nearest(where, path, root)}")


def _unknown(node: Mapping[str, Any], root: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of ``node`` up to the first key that ``root`` does not have; null and {} in it can be anything."""
    for key, value in node.items():
        here = (*path, str(key))
        if key not in root:
            yield here
        elif isinstance(value, Mapping) and isinstance(root[key], Mapping) and root[key] and key not in _OPEN:
            yield from _unknown(value, root[key], here)


def _nearest(where: str, path: tuple[str, ...], root: Any) -> str:
    parent = root
    for key in path[:-1]:
        parent = parent[key]
    if close := difflib.get_close_matches(path[-1], [str(key) for key in parent], n=1):
        return f"; did you mean stage.{where}.{'.'.join((*path[:-1], close[0]))}?"
    if elsewhere := sorted((found for found in _paths(root) if found[-1] == path[-1]), key=len):
        return f"; did you mean stage.{where}.{'.'.join(elsewhere[0])}?"
    return f"; {'.'.join(path[:-1]) or 'a stage'} has {', '.join(sorted(str(key) for key in parent))}"


def _paths(node: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in node.items():
        yield (*path, str(key))
        if isinstance(value, Mapping):
            yield from _paths(value, (*path, str(key)))


def _meant(name: str, nodes: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, [one for one in nodes if one != name], n=1)
    return f" (did you mean {close[0]}?)" if close else ""
