"""What the simulator does without being asked: pulls, webhooks and inspections, each receiver in a lane of its own."""
