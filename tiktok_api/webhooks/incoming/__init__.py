"""TikTok's webhooks: recorded once, then handled after TikTok confirmed them."""
