"""Which video on TikTok a publication became: told by TikTok, or found by evidence."""
