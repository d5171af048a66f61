"""How accounts and their videos are doing, from what TikTok says about them and nothing else.

`collecting` writes down what was read: profiles as the accounts domain reads them, videos by walks of its own through
video/list (`tasks` says when). Reading back is cut along one line: `windows` turns what a person asks for (dates, a
zone) into instants, `queries` seeks what was known at those instants, `measuring` turns that into values and changes
without knowing where it came from, and `charts` draws it. Two ideas carry the rest: what was not read is null and has
a reason, and every number says when it was read.
"""
