"""What surrounds every request: its id, its line in the log, and the rest of a body that the application did not read."""
