"""Preflight: what TikTok would refuse or drop silently is found before anything is sent, every reason in one answer.

`rules` hold a post against TikTok's rules and a creator's options, `grants` against what a person has granted; `report` gathers
the reasons of all stages of a request, and `rehearsal` those of a request whose body has faults of shape too.
"""
