"""The shapes of many posts in one request, and what the columns of a CSV file mean."""
