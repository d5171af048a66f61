"""How what TikTok says becomes rows: read page by page, stored once, summed, kept for a while.

`page_reader` takes the sync of an account one page further, for workers and for the backfill of the command line; `sync_position`
knows how far it came, and `ingest` stores profiles and pages. `listed_videos` is what one page changes, `totals` what a whole list
adds up to, `publications` which of the videos are ours. `days` marks the last reading of each day, `retention` leaves those of old
days (`surplus` says which of the videos' readings go), and `rebuild` computes again everything that was derived from readings.
"""
