"""What `make` runs: the demo, the development stack, and files that are generated."""
