"""The shapes of JSON: posts, their publications, and what an account can post."""
