"""Bytes from clients to storage, by tus 1.0.0 and multipart/form-data.

`routes`, `tus_headers` and `openapi` know the protocols, `services` and `append_session` the rows of uploads, `multipart` the
one-request file. `request_body` reads the connection; `receiver` and `hashing_writer` store what arrives, also for imports.
"""
