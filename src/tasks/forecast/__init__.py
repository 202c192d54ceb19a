"""What every forecasting recipe shares: error metrics and trivial baselines."""
