"""Photos in the child process.

`photos` has the two acts, `pictures` opens every kind of photo and decodes it strip by strip, `colours` and `profiles` bring it
to sRGB, `truncation` recognises files with a missing end, and `costs` those that were made to be expensive.
"""
