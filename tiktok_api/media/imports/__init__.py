"""Imports from a URL: fetched safely, resumed where the server can, handed to inspection."""
