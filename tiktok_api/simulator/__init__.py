"""A faithful TikTok for developing, testing and demonstrating without the real one.

It is a Flask application of its own and shares no line with the product, so that each can prove the other wrong.
Its rooms follow what a request meets: `meddling` (journal and mischief) around everything, then `consent`, `oauth`,
`reading`, `publishing` and `transfer` with TikTok's endpoints, each guarded by `guarding` and worded by
`envelopes`; what happens afterwards without being asked lives in `processing`, `pulling` and `webhooks`, driven by
the virtual `clock` and the agenda of `happenings`; `courier` runs what talks to other servers, each receiver and pull
in a lane of its own. All that exists is in one `world` under one lock, `seeding` says how it begins, `growth` how its
numbers evolve, `retention` what it forgets, and `snapshot` and `state_file` how it survives its process. `control`,
`casting` and `pages` are for those who run it: the control API under `/_simulator/v1` and a page for people at
`/_simulator/`, which also documents the API; `access` keeps other web pages out, and `options` declares everything
that can be set.

In a test: `with running(allow_http=True) as tiktok: ... tiktok.url ... tiktok.control.advance(3600)`. As a
process: `python -m tiktok_api.simulator --port 8090 --state world.json`.
"""

from tiktok_api.simulator.app import create_simulator
from tiktok_api.simulator.control.client import Control, OrderRefused
from tiktok_api.simulator.server.http import Running, running

__all__ = ["Control", "OrderRefused", "Running", "create_simulator", "running"]
