"""Carries out fault rules on requests to TikTok's API, and writes the journal.

`middleware` stands around the application, `effects` answers in the place of the application, `request_facts` finds out
which endpoint, creator and app a request is about. The rules are records: pulls and webhooks ask them too.
"""
