"""How what TikTok says becomes rows: read page by page, stored once, summed, kept for a while.

`ingest` stores profiles and pages of videos and knows how far a sync came; `page_reader` takes a sync one page further and is what
workers and the backfill of the command line share. `listed_videos` is what one page changes, `totals` what a whole list adds up
to, `publications` which of the videos are ours. `days` marks the last reading of each day, `retention` leaves those of old days,
and `rebuild` computes everything again that was derived from readings.
"""
