"""Proofs of who a person is, each for one purpose.

`registrations` proves an address, `reauthentication` that a session is still in the hands of its person; `addresses` says which
addresses are the same.
"""
