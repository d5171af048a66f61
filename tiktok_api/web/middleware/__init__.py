"""What surrounds every request: its id, its line in the log, and the unread rest of its body."""
