"""Stacked areas are thinned and keep adding up."""

import numpy as np

from src.report.parts.decimate import bucket_means


def test_bucket_means_keep_adding_up() -> None:
    steps, means = bucket_means(np.arange(10), np.array([np.arange(10.0), np.full(10, 2.0)]), 5)
    assert steps.tolist() == [1, 3, 5, 7, 9]
    assert means.tolist() == [[0.5, 2.5, 4.5, 6.5, 8.5], [2.0] * 5]
