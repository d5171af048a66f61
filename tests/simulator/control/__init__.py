"""The control API, its page, its options, fault rules and journal."""
