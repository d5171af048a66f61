"""How a simulator runs: its process, its HTTP server and its background."""
