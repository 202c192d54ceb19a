"""Stands for a stage's process in tests of the launcher: ``fake_stage.py -m src.training.rl_process CONFIG.yaml``.

It records a step every 0.2 s. ``config.fake``: ``silent`` records none, ``deaf`` does not stop when asked to,
``finishing`` is asked in its last step.
"""

import sys
import time
from pathlib import Path

from omegaconf import OmegaConf

from src.record.layout import Layout, checkpoint_folder
from src.record.lines import append_line
from src.training.saving import Saver


def main() -> None:
    config = OmegaConf.load(sys.argv[-1])
    run = Path(config.run)
    saver = Saver(run, "rl", keep=2)
    for step in range(1, 200):
        time.sleep(0.2)
        if config.fake != "silent":
            append_line(Layout(run).metrics_file, {"stage": "rl", "step": step, "reward/mean": 0.5})
        stop = config.fake != "deaf" and saver.stop_asked()
        if (step == 1 and config.fake != "silent") or stop:
            saver.begin(step)
            folder = checkpoint_folder(saver.folder, step)
            folder.mkdir(parents=True)
            (folder / "model.pt").write_text("weights")
            saver.seal(step, last=config.fake == "finishing" and step > 1)
        if stop:
            return


if __name__ == "__main__":
    main()
