"""TikTok's endpoints, one module for each product, and what they share: authorization, limits, validation and the shape of answers."""
