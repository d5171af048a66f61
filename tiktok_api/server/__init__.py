"""The HTTP server: gunicorn's threads behind a guard that no slow or silent client can keep busy.

`worker` is the class that gunicorn runs; its main thread reads a request until it has arrived (`arrival`) and sends the rest
of a response. `request_threads` are those threads, `connection` is one client, `paced_socket` its socket, `body` what its
application reads, `chunks` the framing of a body of unknown length, `pace` the least rate of a client, `networks` what counts
as one, `shares` how processes share connections out, `descriptors` how many a process may have.
"""
