"""Time of a plot by renderer and size; the fast one is to take at most 10 milliseconds for 500 points.

Run from the repository root:  python -m benchmarks.plots
"""

import time

import numpy as np

from src.tasks.plots import PlotSettings, draw

ROUNDS = 20
CTU = {"width": 580, "height": 230, "title": "Complete Signal", "x_label": "Timestamp", "y_label": "Value"}
CASES = {
    "one channel, 500 points, title and labels": (1, 500, CTU),
    "three channels, 500 points, title and labels": (3, 500, CTU),
    "three panels, 500 points": (3, 500, {"panels": True, "height": 336}),
    "one channel, 4,000 points, title and labels": (1, 4000, CTU),
    "one channel, 150 points, without axes": (1, 150, {"width": 224, "height": 28, "axes": False, "line_width": 1.0}),
    "six channels, 100 points, without axes": (6, 100, {"width": 224, "height": 56, "axes": False, "line_width": 1.0}),
}


def main() -> None:
    random = np.random.default_rng(0)
    print(f"{'':44}  {'size':>9}  tokens  {'pillow':>16}  {'matplotlib':>17}")
    for name, (channels, points, keys) in CASES.items():
        series = {f"channel {place}": random.standard_normal(points).cumsum() for place in range(channels)}
        times = []
        for renderer in ("pillow", "matplotlib"):
            settings = PlotSettings(renderer=renderer, **keys)
            png = draw(series, settings)  # the first one imports
            took = []
            for _ in range(ROUNDS):
                begin = time.process_time()
                draw(series, settings)
                took.append(time.process_time() - begin)
            times.append(f"{np.median(took) * 1000:5.1f} ms {len(png) / 1000:4.0f} kB")
        size = f"{settings.width} x {settings.height}"
        print(f"{name:44}  {size:>9}  {settings.tokens:6}  {times[0]:>16}  {times[1]:>17}")


if __name__ == "__main__":
    main()
