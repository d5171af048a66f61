"""Runs a simulator: `http` is its HTTP server, `request_body` the bodies of requests, `running` the world, server and file."""
