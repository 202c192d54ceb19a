"""What ``stage.<name>`` says, and the run's configuration as that stage sees it.

A stage is the run's configuration with the stage's node laid over it. The node holds ``kind``, which trainer trains it
(``sft`` or ``rl``); ``dataset``, ``reward`` and ``algorithm``, each the name of a group's option or a mapping over the
run's own; ``reference``, the model that KL is measured from; and any key of veRL by its own name, from the root of the
stage's trainer. So ``stage.perception.data.train_batch_size`` is ``data.train_batch_size`` in that stage alone.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from src.config.group import compose_group, verl_defaults
from src.errors import ConfigError

TRAINERS = {"sft": "sft", "rl": "ppo"}  # a stage's kind -> veRL's trainer
GROUPS = ("dataset", "reward", "algorithm")
FIRST = "first"  # as a reference: the model that the run's first stage starts from
OPTION = "option"  # in a group's mapping: the option that it starts from
CHOSEN = "chosen"  # in its place once the option's keys stand beside it
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_TAKEN = ("evaluation", "model", "preload")  # logs of a run that are not of a stage
# Mappings of veRL whose keys are not veRL's to list.
_OPEN = ("custom_reward_function", "override_config", "engine_kwargs", "apply_chat_template_kwargs", "runtime_env")

Plain = dict[str, Any]


def settle(cfg: DictConfig) -> None:
    """Put the keys of every option that a stage names into its node, so that the record holds all that was meant.

    Raises:
        ConfigError: there is no such option.
    """
    for name, node in _nodes(cfg).items():
        for group in GROUPS:
            if isinstance(node, Mapping) and node.get(group) is not None:
                with open_dict(cfg):
                    cfg.stage[name][group] = _settled(f"stage.{name}.{group}", group, node[group])


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
        The same tree with the stage's node laid over it; of the nodes only its ``kind`` and ``reference`` stay.
    """
    node = config["stage"][name]
    seen = copy.deepcopy(dict(config))
    seen["stage"] = {name: {key: node[key] for key in ("kind", "reference") if key in node}}
    for group in GROUPS:
        if (choice := node.get(group)) is not None:
            settled = _settled(f"stage.{name}.{group}", group, choice)
            chosen = settled.pop(CHOSEN, None) is not None
            seen[group] = _laid(group, seen.get(group, {}), settled, chosen)
    own = {key: value for key, value in node.items() if key not in ("kind", "reference", *GROUPS)}
    if node["kind"] == "sft":
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


def _settled(key: str, group: str, choice: Any) -> Plain:
    """A group's mapping in a stage's node, with the keys of the option that it names."""
    if not isinstance(choice, Mapping):
        choice = {OPTION: choice}
    if OPTION not in choice:
        return dict(choice)
    rest = {one: value for one, value in choice.items() if one not in (OPTION, CHOSEN)}
    try:
        option: Any = OmegaConf.to_container(compose_group(group, str(choice[OPTION])), resolve=False)
    except ConfigError as error:
        raise ConfigError(f"{key}={choice[OPTION]}: {error}") from None
    if group == "reward":  # what the option says, without veRL's defaults, which the run may have changed
        function = option.pop("custom_reward_function")
        option = _beyond(option, verl_defaults("reward"))
        option["custom_reward_function"] = function
    return {CHOSEN: choice[OPTION], **merged(option, rest)}


def _laid(group: str, run: Any, own: Plain, chosen: bool) -> Any:
    """A group as the stage sees it: an option takes the place of the run's own as it does on the command line."""
    if chosen and group == "dataset":
        return own
    if chosen and group == "reward":
        run = {key: value for key, value in run.items() if key != "custom_reward_function"}
    return merged(run, own)


def _beyond(node: Mapping[str, Any], default: Mapping[str, Any]) -> Plain:
    """The parts of ``node`` that differ from ``default``."""
    found = {}
    for key, value in node.items():
        if key not in default:
            found[key] = value
        elif isinstance(value, Mapping) and isinstance(default[key], Mapping):
            if inner := _beyond(value, default[key]):
                found[key] = inner
        elif value != default[key]:
            found[key] = value
    return found


def _check_keys(name: str, node: Mapping[str, Any], config: Plain) -> None:
    from src.config.stages import OWN_KEYS

    sft = node["kind"] == "sft"
    for key in ("reward", "algorithm", "reference") if sft else ():
        if node.get(key) is not None:
            raise ConfigError(f"stage.{name}.{key}: an SFT stage has no {key}; leave it out")
    root = config["sft"] if sft else {key: value for key, value in config.items() if key not in OWN_KEYS}
    root = {**root, "kind": None, "dataset": config["dataset"], "reference": None}
    for group in GROUPS:
        choice = node.get(group)
        if (isinstance(choice, Mapping) and CHOSEN in choice) or isinstance(choice, str):
            root[group] = None  # an option's own keys: whoever reads them knows them
    for path in _unknown(node, root, ()):
        raise ConfigError(f"stage.{name}.{'.'.join(path)}: there is no such key{_nearest(name, path, root)}")


def _unknown(node: Mapping[str, Any], root: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of ``node`` up to the first key that ``root`` does not have; null and {} in it can be anything."""
    for key, value in node.items():
        here = (*path, str(key))
        if key not in root:
            yield here
        elif isinstance(value, Mapping) and isinstance(root[key], Mapping) and root[key] and key not in _OPEN:
            yield from _unknown(value, root[key], here)


def _nearest(name: str, path: tuple[str, ...], root: Any) -> str:
    parent = root
    for key in path[:-1]:
        parent = parent[key]
    if close := difflib.get_close_matches(path[-1], [str(key) for key in parent], n=1):
        return f"; did you mean stage.{name}.{'.'.join((*path[:-1], close[0]))}?"
    if elsewhere := sorted((found for found in _paths(root) if found[-1] == path[-1]), key=len):
        return f"; did you mean stage.{name}.{'.'.join(elsewhere[0])}?"
    return f"; {'.'.join(path[:-1]) or 'a stage'} has {', '.join(sorted(str(key) for key in parent))}"


def _paths(node: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in node.items():
        yield (*path, str(key))
        if isinstance(value, Mapping):
            yield from _paths(value, (*path, str(key)))


def _meant(name: str, nodes: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, [one for one in nodes if one != name], n=1)
    return f" (did you mean {close[0]}?)" if close else ""
