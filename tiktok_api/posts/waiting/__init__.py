"""What a publication that is due waits for before TikTok is asked: its media, a decision about being late, its turn.

`readiness` asks the others in their order, and says what is in the way: `media` (on its way or being inspected),
`lateness` (what is too late, and how far apart late posts go out), and TikTok's limit of inits, which `accounts` keeps.
"""
