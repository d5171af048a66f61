"""Jobs: work that a worker does later. A row in `jobs` is one job, and the table is the truth.

`queue` enqueues and cancels jobs inside the caller's transaction. `registry` knows which function handles which kind
of job, and in which of the `lanes`. `executor` runs one: claim by compare-and-set, run, record the outcome. `runner` hands due
rows to the threads of their lane, in the order that `round_robin` gives them. If a worker dies, its lease runs out and the next
worker claims the job again.
"""
