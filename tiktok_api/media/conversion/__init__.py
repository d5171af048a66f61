"""New media out of those in the library, each made in the confined child and inspected as every upload is.

`photos` makes one photo, `films` a video, from another or (`slideshows`) from photos; `requests` tells them apart, and `unmade` ends
the making of either. `frames` draws the pictures to choose a cover by, which are no media. `tasks` runs them, `routes` and `schemas`
are what clients see.
"""
