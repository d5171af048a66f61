"""A month of an account, a tag or a label as a page for people: on demand and by schedule.

`services` and `schedules` are what people do, `making` is what the job records, `content` gathers the numbers without knowing how they are shown, `rendering/` makes
HTML or PDF of them, and `delivery/` sends what a schedule has made. A report is made once: a row says which month of which
schedule it is, whatever workers believe, and jobs take it from one state to the next.
"""
