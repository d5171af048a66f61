"""One simulated TikTok: everything that exists in it under one lock, its clock and agenda, its first state and its growth.

The world knows neither endpoints nor threads: `background` is handed in (`ports.Background`), and `api`, `control` and
`faults` read and change the world from above.
"""
