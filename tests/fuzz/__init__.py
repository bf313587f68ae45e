"""Random brains, and the comparisons of all ways to run one; see `random_brains` and `comparisons`."""
