"""Charts as SVG: `labels` chooses the words, `axes` the divisions, `svg` draws."""
