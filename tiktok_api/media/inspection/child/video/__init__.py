"""Videos in the child process.

`videos`, `frames`, `transcoding` and `slideshow` have the acts; `encoding` and `geometry` write films. `track_tables` reads the
index, `track_choice` picks the tracks, `timelines` reads when packets are shown, `orientation` and `stills` produce the upright
thumbnail.
"""
