"""The figures that screens show: what each operation answers, in words of its own.

`summary` has every metric over a window and the one before, `overview` and `dashboard` put more beside it, `timeseries`, `growth`
and `engagement` look closer at some metrics, and `accounts_compared` shows several accounts side by side. `publications` counts what
we published and what is planned. Where the numbers come from is the matter of `sums`.
"""
