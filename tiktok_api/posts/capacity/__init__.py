"""What accounts can still post: by day, by TikTok's caps, and what of a schedule would be refused if nothing were held.

`forecast` counts as TikTok does, over times alone; `standing` reads what counts already and what is planned; `collisions` puts
both together for an account, a proposed post or a whole schedule. `days` and `health` are for people.
"""
