"""TikTok's webhooks: `receive` stores an event once, `handle` asks TikTok and applies what it confirms."""
