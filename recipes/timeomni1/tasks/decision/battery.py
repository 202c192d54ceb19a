"""A home battery over one day: what a strategy does under its limits, and the best that any could do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from recipes.timeomni1.tasks.drawing import Floats


@dataclass(frozen=True)
class Battery:
    """Capacity and stored energy in kWh, limits in kWh per hour, and the efficiency of each direction."""

    capacity: float
    stored: float
    charge: float
    discharge: float
    efficiency: float


@dataclass(frozen=True)
class Strategy:
    """Two hours of charging and two of discharging; the battery is idle in all others."""

    charge: tuple[int, int]
    discharge: tuple[int, int]


@dataclass(frozen=True)
class Outcome:
    """Energy bought and served per hour (T,), what is stored after each hour (T,), and the money saved in all."""

    charged: Floats
    discharged: Floats
    stored: Floats
    saving: float


def run(battery: Battery, strategy: Strategy, load: Floats, price: Floats) -> Outcome:
    """Charge and discharge as much as possible in the strategy's hours; load (T,) in kWh, price (T,) per kWh.

    No export: discharging never exceeds the load. Energy left at the end is worth nothing.
    """
    stored, efficiency = battery.stored, battery.efficiency
    charged, discharged, path = np.zeros(len(load)), np.zeros(len(load)), np.zeros(len(load))
    for hour in range(len(load)):
        if hour in strategy.charge:
            charged[hour] = min(battery.charge, (battery.capacity - stored) / efficiency)
            stored = min(battery.capacity, stored + efficiency * charged[hour])
        if hour in strategy.discharge:
            discharged[hour] = min(battery.discharge, stored * efficiency, load[hour])
            stored = max(0.0, stored - discharged[hour] / efficiency)  # rounding must not go below empty
        path[hour] = stored
    return Outcome(charged, discharged, path, float(price @ (discharged - charged)))


def optimal_saving(battery: Battery, load: Floats, price: Floats) -> float:
    """The largest saving of any schedule: a linear programme in (charge, discharge) per hour, solved by HiGHS.

    It needs no rule against charging and discharging at once: with losses or equal prices that never pays.
    """
    hours = len(load)
    until = np.tril(np.ones((hours, hours)))
    path = np.hstack([battery.efficiency * until, -until / battery.efficiency])  # stored energy minus what was there
    room = np.full(hours, battery.capacity - battery.stored)
    found = linprog(
        np.concatenate([price, -price]),
        A_ub=np.vstack([path, -path]),
        b_ub=np.concatenate([room, np.full(hours, battery.stored)]),
        bounds=[(0.0, battery.charge)] * hours + [(0.0, min(battery.discharge, one)) for one in load.tolist()],
        method="highs",
    )
    if found.x is None:
        raise RuntimeError(f"the linear programme of a battery has no solution: {found.message}")
    return float(-found.fun)
