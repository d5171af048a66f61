"""The control API under `/_simulator/v1`, the page for people, and a Python client for tests."""
