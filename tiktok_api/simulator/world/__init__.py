"""Everything that exists in one simulated TikTok: its models, its clock, its seed and how it changes with time."""
