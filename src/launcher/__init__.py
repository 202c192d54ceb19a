"""Starting a run's processes, watching them, and showing what they do. Nothing here imports torch."""
