"""Charts as SVG, drawn by hand: no script, nothing fetched from anywhere, and no knowledge of where numbers come from.

Each kind is a frozen dataclass beside the function that draws it: `line_chart`, `comparison`, `heat_map`, `bars` and `life`;
`draw` finds the function. `sheet` is the page with its heading, `plot` the plane with its axes, `look` the colours, and
`typesetting` makes texts safe and fits them. What is unknown is a gap and never 0.
"""
