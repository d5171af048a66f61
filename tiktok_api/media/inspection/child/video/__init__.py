"""Videos in the child process.

`videos` has the act; `track_tables` reads the index, `track_choice` picks the tracks, `timelines` reads when packets are shown,
`orientation` and `stills` produce the upright thumbnail.
"""
