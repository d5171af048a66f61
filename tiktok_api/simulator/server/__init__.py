"""The HTTP server, and what starts and stops a simulator.

`running` composes world, state file and server; `http` accepts connections, `connection` answers the requests of each and
`request_body` reads their bodies.
"""
