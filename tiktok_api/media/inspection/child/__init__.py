"""The child process that opens files from clients.

Files attack decoders. So decoders run in a process of their own, with limited memory, CPU and output. It may
make only the system calls of a short list: it reads the file that it was given, computes and writes its answer; it opens,
starts and signals nothing, so that killing it ends everything. The demuxer is forced. Only one small JSON object comes back.
Where the kernel cannot filter system calls, the limits alone hold, and log and doctor say so. The server never imports
anything from here.
"""
