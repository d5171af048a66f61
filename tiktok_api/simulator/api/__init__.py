"""TikTok's endpoints as its apps and browsers see them, one module for each product.

`consent` and `oauth` are the Login Kit, `display` the Display API and creator_info, `publishing` and `upload` the Content
Posting API, `images` the links to pictures. `authorization`, `validation` and `posting_limits` are their checks,
`envelopes` the form of every answer.
"""
