"""Sums over several accounts: what they had, and what they gained in each period.

`points` adds up, without knowing where the readings came from. `seeks` reads what each of many accounts had at some instants, and
`by_day` has the database add up the rows that are the last of their days, which is what long series of very many accounts
need. `series` chooses between the two; they give the same numbers.
"""
