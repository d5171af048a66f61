"""The simulator held against TikTok's documented facts, over a socket."""
