"""The simulator, over a socket: `contract` against TikTok's documented facts, `control`, `world` and `runtime` as a product."""
