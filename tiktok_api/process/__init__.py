"""What a process of ours shows to the machine that it runs on. It imports nothing of ours, so that any process starts with it."""
