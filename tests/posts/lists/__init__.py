"""Lists and counts of posts: what they hold, in which order, and what they cost."""
