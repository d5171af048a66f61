"""The calendar of posts: what goes out on which day, for people and for calendar programs, and the rules of its time zones.

`days` counts and lists by day. A feed is a secret URL: `feeds` makes, finds and revokes them, `events` reads what they show, and
`icalendar_text` writes it. `zone_changes` moves posts when a zone's rules change; `zone_data` notices that they did.
"""
