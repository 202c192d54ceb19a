"""``python -m src.launch +recipe=time_r1``: compose a run, check it, and carry out its stages."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import hydra
from omegaconf import DictConfig

from src.config.compose import CONF, as_typed, order_arguments, register_search_path
from src.errors import UserError
from src.output import reader_may_leave
from src.sweeps.launcher import register_sweeps


def main() -> None:
    """The command line; exit code 0, 1 for Hydra's own errors, 2 for a user's, 130 when interrupted, 143 by SIGTERM."""
    if {"--help", "-h"} & set(sys.argv[1:]):
        from src.config.help import help_text

        print(help_text())
        return
    try:
        if any(argument.startswith("repeat=") for argument in sys.argv[1:]):
            from src.launcher.repeat import repeat

            sys.exit(repeat(sys.argv[1:], start))
        arguments, note = order_arguments(sys.argv[1:])
    except UserError as error:
        sys.exit(_say(error))
    if note:
        print(note, file=sys.stderr)
    sys.argv[1:] = arguments
    register_search_path()
    register_sweeps()
    hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")(launch)()


def launch(cfg: DictConfig) -> float | None:
    """One run; returns the metric that a sweep may optimise, the held-out reward at the end."""
    from hydra.core.hydra_config import HydraConfig

    with reader_may_leave():  # here, because Hydra shows whatever reaches it
        hydra_config = HydraConfig.get()
        return start(cfg, as_typed(hydra_config.overrides.task), choices=hydra_config.runtime.choices)


def start(
    cfg: DictConfig,
    arguments: Sequence[str],
    repeats: dict[str, Any] | None = None,
    choices: Mapping[str, Any] | None = None,
) -> float | None:
    """Check and carry out a composed configuration; ``arguments`` and ``repeats`` are for the record.

    Args:
        choices: Hydra's, group -> option.
    """
    from src.config.algorithm import check_arguments
    from src.config.dry_run import show
    from src.launcher.admit import admit
    from src.processes.stopping import EXIT_CODE, Terminated

    try:
        check_arguments(cfg, arguments)
        stages = admit(cfg, choices or {})
        if cfg.launch.dry_run:
            from src.launcher.cost import costs

            show(cfg, stages)
            print("\n".join(costs(stages)))
            return None
        from src.cluster.job import this_job

        if cfg.ray.address and this_job() is None:
            from src.cluster.submit import submit

            if code := submit(cfg, arguments):
                sys.exit(code)
            return None
        from src.launcher.carry_out import carry_out  # a dry run does without the launcher's imports

        return carry_out(cfg, stages, arguments, repeats)
    except UserError as error:
        sys.exit(_say(error))
    except OSError as error:  # the launcher's own writes; a stage's errors arrive as UserErrors
        from src.launcher.advice import advice

        if (fix := advice(str(error))) is None:
            raise
        sys.exit(_say(UserError(f"{error.filename or 'the run'}: {error.strerror}; {fix}")))
    except KeyboardInterrupt:
        print("interrupted; every process of the run was ended", file=sys.stderr)
        sys.exit(130)
    except Terminated as end:
        print(end, file=sys.stderr)
        sys.exit(EXIT_CODE)


def _say(error: UserError) -> int:
    print(f"error: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    with reader_may_leave():
        main()
