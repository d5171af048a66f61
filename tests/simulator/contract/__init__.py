"""The simulator against the documented facts of TikTok, over a socket."""
