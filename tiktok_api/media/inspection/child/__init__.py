"""The child process that opens files from clients.

Files attack decoders. So decoders run in a process of their own, with limited memory, CPU and output, without network and
without a way to open another file. The demuxer is forced. Only one small JSON object comes back. The server never imports
anything from here.
"""
