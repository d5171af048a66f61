"""API, worker and simulator on this machine: their settings, locks and processes."""
