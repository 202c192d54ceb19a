"""Raw series in, parquet files for SFT and RL out. Nothing here imports torch, veRL or a recipe."""
