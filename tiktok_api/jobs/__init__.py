"""Jobs: work that a worker does later. A row in `jobs` is one job, and the table is the truth.

`queue` enqueues and cancels jobs inside the caller's transaction. `registry` knows which function handles which kind
of job, and in which of the `lanes`. `executor` runs one: claim by compare-and-set, run, record the outcome. `runner` hands due
rows, in the order that `round_robin` gives them, to the `lane_threads`, which claim several by one statement. If a worker dies,
the leases of what it has claimed run out and the next worker claims it again.
"""
