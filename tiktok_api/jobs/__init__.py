"""Jobs: work that a worker does later. A row in `jobs` is one job, and the table is the truth.

`queue` enqueues and cancels jobs inside the caller's transaction. `registry` knows which function handles which kind
of job. `executor` runs one: claim by compare-and-set, run, record the outcome. `runner` finds due rows and hands them to
threads. If a worker dies, its lease runs out and the next worker claims the job again.
"""
