"""Sums over several accounts: what they had, and what they gained in each period.

`question` is what is asked. `points` adds up, without knowing where the readings came from, and `comparison` sets a window against
the one before. `seeks` reads what each of many accounts had at some instants, and `by_day` (with `day_statements`) has the database
add up the rows that are the last of their days, which long series of very many accounts need. `series` chooses between the
two; they give the same numbers.
"""
