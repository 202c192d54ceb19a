"""What tasks with options share: letters and classes, the one matcher, trivial baselines, and a task of one letter."""
