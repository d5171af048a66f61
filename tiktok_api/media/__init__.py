"""Videos and photos: taken in piece by piece, inspected behind glass, kept until nobody needs them.

Receiving (`uploading`; `importing` and `fetching` where we go and get it), looking inside (`inspecting`, which starts
`probing` as a child process) and judging by TikTok's rules (`checking`) are rooms of their own, because they fail in
different ways: a connection, a hostile file, a rule.
"""
