"""Clients made from the document by generators that others wrote, used against a running server."""
