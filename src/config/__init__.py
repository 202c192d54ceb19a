"""Composing a run's configuration; nothing here imports torch or veRL."""
