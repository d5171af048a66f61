"""Our copies of avatars and covers, because TikTok's links expire within hours."""
