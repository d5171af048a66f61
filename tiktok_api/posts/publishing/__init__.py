"""Bringing a publication to TikTok: at most once by us, and never dropped silently."""
