"""Stored bytes handed out: whole or a range, with a token or by a signed link."""
