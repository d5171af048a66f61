"""Preflight: everything that TikTok would refuse or drop silently, found before anything is sent."""
