"""The requests and responses about single posts: `leaderboard`, `life` of one, and `published` for what many tell together."""
