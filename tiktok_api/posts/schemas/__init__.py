"""What clients send and get: posts, their publications, and what an account can post."""
