"""A faithful TikTok for developing, testing and demonstrating without the real one.

It is a Flask application of its own and shares no code with the product, so that each can prove the other wrong. Its
drawers, each of which imports only those below it:

- `server`: the HTTP server, and `running`, which starts everything
- `control`: the control API under `/_simulator/v1`, the page at `/_simulator/`, which also documents that API, and a client
- `api` and `faults`: TikTok's endpoints, and the middleware that lets requests fail on demand and writes the journal
- `state`: saving a world to a file and loading it
- `background`: what TikTok does after a request: pulls, inspection, verdicts, moderation, webhooks
- `world`: everything that exists, under one lock, with a virtual clock, an agenda, a seed and growth
- `models`: apps, creators, videos, publications, webhook deliveries, fault rules and the other records of a world
- `options` and `media`: what can be set, and TikTok's limits for media

In a test: `with running(allow_http=True) as tiktok: ... tiktok.url ... tiktok.control.advance(3600)`. As a
process: `python -m tiktok_api.simulator --port 8090 --state world.json`.
"""

from tiktok_api.simulator.app import create_simulator
from tiktok_api.simulator.control.client import CommandRefused, Control
from tiktok_api.simulator.server.running import Running, running

__all__ = ["CommandRefused", "Control", "Running", "create_simulator", "running"]
