"""Avatars and covers, kept by us because TikTok's links end within hours."""
