"""Sweeps: a run for every combination of settings, each in a process of its own, that go on where they were cut off.

``python -m src.launch -m +recipe=time_r1 algorithm=grpo,grip seed=1,2,3``
"""
