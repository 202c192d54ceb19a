"""Two answers for 12 steps, one usable, one not, and the windows that they answer."""

GOOD = [20.5, 31.0, 42.5, 33.0, 24.5, 35.0, 26.5, 37.0, 28.5, 39.0, 40.5, 21.0]
GOOD_ANSWER = "<think>a habit</think>\n<answer>\n" + "\n".join(map(str, GOOD)) + "\n</answer>"
# The demo's series as it is, half-hourly, in windows that GOOD answers.
HALF_HOURLY = ("dataset.rows_per_step=1", "dataset.period=48", "dataset.context_length=48", "dataset.horizon=12",
               "dataset.decimals=1")  # fmt: skip
BAD_ANSWER = "<think>no idea</think>\n<answer>\nnothing\n</answer>"
