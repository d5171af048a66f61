"""What TikTok tells us without being asked.

A webhook is a hint, never a fact: it is recorded once, answered at once, and whatever it says is confirmed by asking TikTok
before anything changes. `receiving` records, `acting` asks and lets the domains act.
"""
