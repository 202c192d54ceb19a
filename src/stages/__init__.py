"""The processes that train: one module per kind of stage, each started with a config file."""
