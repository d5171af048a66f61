"""Sending a report to its owner: `deliveries` says when and to whom, `messages` what, `signatures` proves a webhook's origin."""
