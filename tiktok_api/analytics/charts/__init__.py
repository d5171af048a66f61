"""Charts as SVG: `labels` chooses the words, `axes` divides the axes, `svg` draws."""
