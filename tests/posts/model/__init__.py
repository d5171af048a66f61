"""A state model: people, workers, the clock, faults and webhooks act at random, and TikTok's truth is the measure."""
