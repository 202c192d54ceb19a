"""Wording of the rationales of causality discovery: trend, fluctuations and their lag, direction, decision."""

STEPS: dict[str, tuple[str, ...]] = {
    "trend": (
        "1. Trend: {first} averages {mean_first} {unit} and {second} {mean_second} {unit}; their levels correlate at "
        "{level}.",
        "1. Comparing levels first, the mean is {mean_first} {unit} at {first} and {mean_second} {unit} at {second}, "
        "with a correlation of {level}.",
        "1. The two records have means of {mean_first} {unit} ({first}) and {mean_second} {unit} ({second}) and a "
        "level correlation of {level}.",
        "1. On the whole the rivers run at {mean_first} {unit} in {first} and {mean_second} {unit} in {second}; the "
        "correlation between the levels is {level}.",
    ),
    "rises": (
        "2. Fluctuations: the three sharpest rises of {first} end at samples {rises_first}, those of {second} at "
        "{rises_second}.",
        "2. Looking for floods, {first} rises most steeply at samples {rises_first} and {second} at {rises_second}.",
        "2. The steepest increases are found at samples {rises_first} for {first} and at {rises_second} for {second}.",
        "2. Storm fronts: {first} jumps at samples {rises_first}, whereas {second} jumps at {rises_second}.",
    ),
    "lags": (
        "3. Lag: between changes from sample to sample, the best correlation is {forward} when {second} follows "
        "{first} by {forward_lag}, {backward} when {first} follows {second} by {backward_lag}, and {zero} without a "
        "shift.",
        "3. I shift the changes against each other: {second} after {first} gives at most {forward} (lag "
        "{forward_lag}), {first} after {second} at most {backward} (lag {backward_lag}), no shift {zero}.",
        "3. Aligning the fluctuations, the peak is {forward} at a delay of {forward_lag} from {first} to {second}, "
        "{backward} at a delay of {backward_lag} from {second} to {first}, and {zero} at delay zero.",
        "3. Cross-correlating the increments yields {forward} with {first} ahead by {forward_lag}, {backward} with "
        "{second} ahead by {backward_lag}, and {zero} at the same time.",
    ),
    "causal": (
        "4. Direction: {ahead} is far above {behind} and above {zero}, so the floods of {up} come again at {down} "
        "with a lag of {lag}. Water needs that time to travel.",
        "4. Only one direction fits: what happens at {up} is repeated at {down} at a lag of {lag} ({ahead} against "
        "{behind} the other way round and {zero} at once).",
        "4. Since {ahead} clearly beats {behind} and {zero}, changes start at {up} and reach {down} with a delay of "
        "{lag}, as routed water does.",
        "4. The asymmetry, {ahead} against {behind}, with only {zero} at the same time, shows a wave that passes {up} "
        "first and {down} at a delay of {lag}.",
    ),
    "none": (
        "4. Direction: neither {forward} nor {backward} stands out from noise, so no flood of one station comes again "
        "at the other after a delay.",
        "4. Both {forward} and {backward} are weak. Rain may fall on both catchments at once, but no water travels "
        "from one gauge to the other.",
        "4. With {forward} one way and {backward} the other, no delay links the two stations.",
        "4. There is no asymmetry to explain: {forward} and {backward} are both too low for a routed wave.",
    ),
    "slip": (
        "At first sight {wrong} should be the downstream station, since its mean of {larger} {unit} exceeds {smaller} "
        "{unit}. Wait: a diversion or a bigger catchment changes the size, so size proves no direction; the delay "
        "decides.",
        "One could say that the bigger river, {wrong} with {larger} {unit} against {smaller} {unit}, receives the "
        "other. That does not follow: I have to look at who moves first.",
        "My first guess is that {wrong} lies downstream because it carries more ({larger} against {smaller} {unit}). "
        "I take that back, as unconnected or diverted rivers show the same.",
        "It is tempting to let the larger flow at {wrong} ({larger} {unit}, the other {smaller} {unit}) decide. But "
        "this would be a guess about size; timing is the evidence.",
    ),
    "decision": (
        "5. Decision: {statement}, which is option {letter}.",
        "5. Therefore {statement}: option {letter}.",
        "5. The statement that fits is that {statement}, option {letter}.",
        "5. I conclude that {statement}, so I choose {letter}.",
    ),
}

SHORT: dict[str, tuple[str, ...]] = {
    "peaks": ("X peaks {first}, Y peaks {second}, lags {lags}. {statement}\n{letter}.",),
}
