"""Work that is promised: a row in `jobs` is the promise, and the table is the truth.

`queue` makes, wakes and withdraws promises inside the caller's transaction. `registry` knows which function keeps which
kind of promise. `executing` keeps one: claim by compare-and-set, run, settle. `runner` finds due rows and hands them to
threads (the embedded default). A worker that dies takes nothing with it: its lease runs out and the row comes due again.
"""
