"""What a person or a test controls a simulator with: the API under `/_simulator/v1`, a page, and a Python client.

`routes` has the clock, options, faults, journal and webhooks; `creators`, `videos`, `publications` and `apps` have the
records of their name. `parsing` checks what comes in, `views` is the form in which records are shown, and `access` keeps
other web pages out.
"""
