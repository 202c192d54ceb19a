"""The one owner of a run's folder and of a sweep's: names of files, writing whole, reading, checkpoints, cutting."""
