"""Bodies and queries, read with marshmallow.

`bounds` limits what is in a body, `parser` names every fault at its place, `well_formed` finds what is sound in a faulty
body, `moments` and `timezones` read what needs more than a schema.
"""
