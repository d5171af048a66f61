"""What TikTok does after a request is answered: pulls, inspection, verdicts, moderation and webhooks.

`lanes` runs it outside the world's lock, each receiver and each publication in a lane of its own, so that a slow one
delays no other. The functions that the agenda calls are marked with `scheduled_event`.
"""
