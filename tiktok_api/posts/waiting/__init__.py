"""What a publication waits for before TikTok is asked: its media, its turn, and a decision about being late."""
