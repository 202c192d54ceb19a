"""Wording of the rationales of pricing: data, response of demand, expected sales, profits, decision."""

STEPS: dict[str, tuple[str, ...]] = {
    "data": (
        "1. Data: {count} weeks with prices from {lowest} to {highest} $ and {mean} units a week on average.",
        "1. The history has {count} weeks; prices lie between {lowest} $ and {highest} $, sales average {mean} units.",
        "1. I have {count} pairs. The cheapest week cost {lowest} $, the dearest {highest} $, and {mean} units is the "
        "mean.",
        "1. Over {count} weeks the price moved from {lowest} $ to {highest} $ with {mean} units sold on average.",
    ),
    "response": (
        "2. Response: a least-squares line through the logarithms has a slope of {slope}, so sales fall by about "
        "{slope_size} percent per percent of price.",
        "2. Fitting log sales on log price gives the slope {slope}: an elasticity of {slope_size}.",
        "2. On a log-log scale the points follow a line of slope {slope}, an elasticity of {slope_size} in size.",
        "2. The regression of log units on log price yields {slope}; demand is elastic with {slope_size}.",
    ),
    "sales": (
        "3. Expected sales: {sales}.",
        "3. At the candidate prices this line predicts {sales}.",
        "3. Reading the fit at each option, I expect {sales}.",
        "3. Demand to expect per option: {sales}.",
    ),
    "profits": (
        "4. Profit, with a unit cost of {cost} $: {profits}.",
        "4. Subtracting the cost of {cost} $ per unit, the profits are {profits}.",
        "4. The margin over {cost} $ times the sales gives {profits}.",
        "4. After {cost} $ of cost for every unit sold, what remains is {profits}.",
    ),
    "slip": (
        "It seems natural to take option {wrong}. Yet its {profit} $ stay below {more} $.",
        "My first choice was option {wrong}, but {profit} $ a week is less than {more} $, so that was hasty.",
        "Judging by the price tag alone one would pick {wrong}. The product of margin and sales says otherwise: "
        "{profit} $ against {more} $.",
        "Option {wrong} looks attractive until margin and volume are multiplied: {profit} $, where {more} $ can be "
        "had.",
    ),
    "decision": (
        "5. Decision: option {letter}, {best} $ a week, ahead of {second} $.",
        "5. The most profitable is {letter} with {best} $; the next one brings {second} $.",
        "5. I choose {letter}: {best} $ against {second} $ for the runner-up.",
        "5. So {letter} it is, at {best} $ and a lead over {second} $.",
    ),
}

SHORT: dict[str, tuple[str, ...]] = {"values": ("{values}.",)}
