"""Whether this machine can serve: every setting, and everything that the settings name, tried for a few seconds."""
