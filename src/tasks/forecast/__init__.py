"""What every forecasting recipe shares: the grammar of answers, scores beside trivial baselines, rolling horizons."""
