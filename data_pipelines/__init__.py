"""Raw series in, the rows of forecasting tasks out. Nothing here imports torch, veRL or a recipe."""
