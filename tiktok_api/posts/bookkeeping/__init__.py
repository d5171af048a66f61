"""What an owner keeps posts in order by: labels, the client's own ids, copies, and the history of what was deleted."""
