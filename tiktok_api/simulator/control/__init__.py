"""What a person or a test controls a simulator with: the API under `/_simulator/v1`, a page, and a Python client.

`routes` has the state, the clock and the options; `creators`, `videos`, `publications`, `apps`, `faults` and `webhooks` have
the records of their name. `parsing` checks what comes in, `views` is the form in which records are shown, and `access`
keeps other web pages out.
"""
