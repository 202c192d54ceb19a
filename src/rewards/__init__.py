"""Rewards: parsing of answers, measures of series, a command line that scores answers without training."""
