"""Reading runs from Python.

from src.runs import list_runs, read_run

for run in list_runs("outputs"):
    print(run.name, run.state, run.score("val/*/reward"))
run = read_run("outputs/time_r1/first")
run.metrics("rl")["reward/mean"]      # a pandas Series over the steps
run.best_checkpoint("val/*/mse").model
"""

from src.record.checkpoints import Checkpoint
from src.record.samples import Sample
from src.runs.finding import list_runs, read_run
from src.runs.recorded import RecordedRun

__all__ = ["Checkpoint", "RecordedRun", "Sample", "list_runs", "read_run"]
