"""Media in an S3 bucket: parts, short tails, and the rows that say who writes where."""
