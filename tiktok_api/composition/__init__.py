"""What `app.py` puts together, cut by what is composed: parts by type, subscriptions, the web, the API's document, checks.

Only these modules and `app.py` may import every room.
"""
