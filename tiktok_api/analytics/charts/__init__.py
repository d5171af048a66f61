"""Charts of analytics as SVG and PNG, and links that show them without a token.

`drawing` draws what it is given and knows nothing else; `labels` puts the words around numbers; `png` makes pixels of a drawing.
`kinds` names the charts that a link may show and where each gets its numbers, `links` signs and opens the links, and
`responses` sends a chart out.
"""
