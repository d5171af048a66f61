"""Webhooks.

`incoming/` holds TikTok's: a hint, never a fact. It is stored once and answered at once, and TikTok is asked before anything
changes.
"""
