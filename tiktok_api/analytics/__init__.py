"""How accounts and their videos are doing, from what TikTok says about them and nothing else.

`ingest` stores what was read: profiles as the accounts domain reads them, videos by syncs of its own through video/list
(`tasks` says when). Reading back is cut along one line: `windows` turns dates and a zone into instants, `queries` seeks what
was known at those instants, `series` turns that into values and changes without knowing where it came from, and `charts`
draws it. Two rules hold everywhere: what was not read is null and has a reason, and every number says when it was read.
"""
