"""OAuth: a person is sent to TikTok's consent page and comes back with a code that is exchanged for tokens.

`authorization` builds the URL of the consent page, `callback` handles the browser's return, `record` writes its result,
`takeover` decides whose a known creator is, `callback_page` shows it. The callback is cut where a process may die: before TikTok
is asked, and after it has answered.
"""
