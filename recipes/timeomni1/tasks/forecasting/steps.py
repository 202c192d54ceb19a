"""Wording of the rationales of event-aware forecasting: baseline, impact, next day, sequence, final answer."""

STEPS: dict[str, tuple[str, ...]] = {
    "baseline": (
        "1. Baseline: the mean of both days, hours with an event left out: {baseline}.",
        "1. Without events, averaging the two days hour by hour (only undisturbed hours) gives {baseline}.",
        "1. The ordinary day, as the average of the hours that no event touches, is {baseline}.",
        "1. I start from the usual daily profile, both days averaged where no event interferes: {baseline}.",
    ),
    "visit": (
        "2. Impact: on day two the event at {start} with {size} visitors added about {arrival} {unit} an hour around "
        "its start, and {total} in the {hours} h from {end}, so about {departure} in the first hour after the end.",
        "2. The past event ({size} visitors, {start}) lifted the hours around its start by about {arrival} each and "
        "the {hours} h from {end} by {total} together; halving every hour, that is {departure} in the first one.",
        "2. Comparing day two with day one, {size} visitors at {start} brought {arrival} more {unit} an hour on "
        "arrival and {total} more in the {hours} h from {end}, of which {departure} fall into the first hour.",
        "2. What an event does is visible on day two: {size} visitors, start {start}, extra {arrival} an hour around "
        "the start, extra {total} over {hours} h from {end}, hence {departure} right after the end.",
    ),
    "fact": (
        "2. Impact: no event lies in this window, but experience says that {size} visitors add {arrival} {unit} an "
        "hour around the start and {departure} in the hour after the end.",
        "2. The window shows no event; the stated experience is {arrival} {unit} an hour on arrival and {departure} "
        "in the first hour of departure for {size} visitors.",
        "2. History cannot tell the impact, so I use the venue's rule: {size} visitors, {arrival} more an hour around "
        "the start, {departure} more in the hour after the end.",
        "2. As both days are quiet, the given rule for {size} visitors has to do: {arrival} {unit} an hour around the "
        "start, {departure} right after the end.",
    ),
    "change": (
        "2. Impact: on day two the {kind} from {start} to {end} changed the load by {percent} percent against day one.",
        "2. From {start} to {end} on day two, during the {kind}, the load differs from day one by {percent} percent.",
        "2. The {kind} of day two shows its effect between {start} and {end}: {percent} percent relative to day one.",
        "2. Setting day two against day one between {start} and {end} puts the effect of the {kind} at {percent} "
        "percent.",
    ),
    "rule": (
        "2. Impact: no event lies in this window; by experience a {kind} changes the load by {percent} percent.",
        "2. The window shows no event, so I rely on the stated effect of a {kind}: {percent} percent.",
        "2. Both days are ordinary. The given rule for a {kind} is {percent} percent.",
        "2. History cannot tell the impact; experience puts a {kind} at {percent} percent.",
    ),
    "quiet": (
        "2. Impact: no event in this window, and none is needed for the next day.",
        "2. Both days are ordinary, so there is no event effect to measure.",
        "2. The window has no significant events, hence nothing to correct.",
        "2. No event disturbs the history, and none has to be learnt from.",
    ),
    "crowd": (
        "3. Next day: {size} visitors at {start} scale this to about {arrival} an hour around the start and "
        "{departure} in the first hour from {end}, halving after that.",
        "3. The coming event has {size} visitors and starts at {start}: in proportion {arrival} an hour around the "
        "start and {departure} from {end}, then half as many every hour.",
        "3. With {size} visitors expected at {start}, I scale to {arrival} on arrival and to {departure} after the end "
        "at {end}, with half of it in each following hour.",
        "3. Context of the next day: start {start}, end {end}, {size} visitors, which means {arrival} an hour around "
        "the start and {departure} once it is over, decaying by half.",
    ),
    "spell": (
        "3. Next day: the {kind} lasts from {start} to {end}, and I apply the same {percent} percent there.",
        "3. Between {start} and {end} the next day has a {kind}, so these hours change by {percent} percent.",
        "3. Context of the next day: a {kind} from {start} to {end}, again {percent} percent.",
        "3. Since a {kind} is announced from {start} to {end}, the baseline moves by {percent} percent there.",
    ),
    "ordinary": (
        "3. Next day: no event is announced, so it should be an ordinary day.",
        "3. Nothing is planned for the next day, so no new event effect is added.",
        "3. The coming day is free of events.",
        "3. Context of the next day: no significant events, the usual profile applies.",
    ),
    "sequence": (
        "4. Sequence: the hours that differ from the baseline are {uplift}.",
        "4. Building the sequence, I change the baseline by {uplift}.",
        "4. On top of the baseline come {uplift}.",
        "4. Hour by hour this amounts to {uplift}.",
    ),
    "same": (
        "4. Sequence: the baseline needs no change.",
        "4. Building the sequence, I keep the baseline as it is.",
        "4. Nothing is added to the baseline.",
        "4. Hour by hour the baseline stays.",
    ),
    "slip": (
        "I could simply repeat day two, {value} {unit} at {hour} included. But the events of the two days differ, so "
        "day two misleads at that hour.",
        "A quick answer would be to copy the latest day with its {value} {unit} at {hour}. No: the events are not the "
        "same, and that hour shows it.",
        "Tempting: the next day equals day two ({value} {unit} at {hour}). That is wrong here, as the events differ.",
        "First idea, tomorrow is like day two, so {value} {unit} at {hour}. I correct this, because the event program "
        "is another one.",
    ),
    "final": (
        "5. Final sequence: {forecast}.",
        "5. Adding up gives {forecast}.",
        "5. Finalising, I predict {forecast}.",
        "5. The forecast is therefore {forecast}.",
    ),
}

SHORT: dict[str, tuple[str, ...]] = {
    "event": (
        "Slot {before_row}, {seen}-{usual}={gain} for {size}. Slot {slot_row}, {base}+{add}={total} for {crowd}. "
        "{rows}",
    ),
    "none": ("Slot {before_row}, no event. {rows}",),
}
