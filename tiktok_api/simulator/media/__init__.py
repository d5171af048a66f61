"""TikTok's limits for media, and a child process that reads the facts to compare with them.

It shares no code with the product's own inspection of media, so that each can prove the other wrong.
"""
