"""The child process that opens strangers' files.

Decoders are where files attack. So they run alone: memory, CPU and output limited, no network, no way to open another
file, the demuxer forced, and whatever happens in there comes back as one small JSON object or not at all. Nothing
here is imported by the server.
"""
