"""One world over time: growth, resets, concurrency, bounds, and its state file."""
