"""Received media, opened in a child process and compared with the limits of TikTok."""
