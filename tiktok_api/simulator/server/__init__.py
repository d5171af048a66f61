"""The HTTP server of the simulator: requests in, answers out, and connections cut on purpose."""
