"""Wording of the rationales of decision making: load forecast, prices, feasibility, amounts and savings, decision."""

STEPS: dict[str, tuple[str, ...]] = {
    "load": (
        "1. Load: both days look alike, so I expect their mean: {loads}.",
        "1. As a forecast for tomorrow I take the average of the two days, which is {loads}.",
        "1. Averaging the past two days at the hours in question gives {loads}.",
        "1. Expected load tomorrow, from the mean of the history: {loads}.",
    ),
    "price": (
        "2. Prices: energy costs {low} $/kWh when it is cheapest and {high} $/kWh in hours {start} to {end}; buy "
        "cheap, serve the load when it is expensive.",
        "2. The spread runs from {low} $/kWh to {high} $/kWh, the latter in hours {start} to {end}. A discharge "
        "belongs into these hours, at the largest loads.",
        "2. Hours {start} to {end} are the expensive ones ({high} $/kWh against {low} $/kWh at the lowest), so that is "
        "where stored energy is worth most.",
        "2. Principle: charge at {low} $/kWh, discharge at {high} $/kWh, that is in hours {start} to {end}, and never "
        "more than the load.",
    ),
    "feasible": (
        "3. Feasibility: the battery is fullest with {full}; capacity {capacity} kWh.",
        "3. Within the capacity of {capacity} kWh the largest states of charge are {full}.",
        "3. Following the state of charge, the strategies reach {full}, of {capacity} kWh at most.",
        "3. All strategies can be carried out: the stored energy peaks at {full}, the limit being {capacity} kWh.",
    ),
    "amounts": (
        "4. Amounts and savings: {amounts}.",
        "4. Discharged energy, and what it saves after paying for the charge: {amounts}.",
        "4. Option by option: {amounts}.",
        "4. Serving the expected load, I get {amounts}.",
    ),
    "slip": (
        "Looking at prices alone, option {wrong} seems as good as any. But it saves {saving} $, and {more} $ are "
        "possible.",
        "I was about to take option {wrong}. Its {saving} $ fall short of {more} $, so no.",
        "First thought: option {wrong}. That ignores how large the load is in its hours; it saves {saving} $, not "
        "{more} $.",
        "One could settle for option {wrong}, since it obeys all limits. Comparing savings corrects this: {saving} $ "
        "against {more} $.",
    ),
    "decision": (
        "5. Decision: {letter} saves most, {best} $ against {second} $ for the next.",
        "5. The best is option {letter} with {best} $; the runner-up reaches {second} $.",
        "5. With {best} $ ahead of {second} $, I choose {letter}.",
        "5. Therefore option {letter}: {best} $, more than the {second} $ of the second best.",
    ),
}

SHORT: dict[str, tuple[str, ...]] = {"values": ("{values}. So {letter}.",)}
