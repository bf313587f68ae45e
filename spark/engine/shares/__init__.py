"""Shares: what a device that computes some units of a pool keeps of its arrays, so that it need hold no more."""
