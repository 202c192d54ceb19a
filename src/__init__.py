"""Experiment framework for training language models to reason about time series."""
