"""How a world is saved and loaded: `snapshot` makes JSON of it and the reverse, `state_file` keeps that in a file."""
