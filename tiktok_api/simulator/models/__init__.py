"""What a simulated TikTok remembers: one module for each kind of record, with the bounds on how much of it is kept.

The records know nothing of the world that holds them: `world` decides when they change and `state` saves them. The
control API shows their fields and the state file saves them: the names of the fields are part of both formats.
"""
