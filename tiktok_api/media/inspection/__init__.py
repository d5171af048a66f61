"""What a file is.

`inspect` is the act: `sniff` tells the kind from the first bytes, `sandbox` starts a child process and watches it, and `child` is
the program of that process, the only place where files from clients are decoded. `pauses` slows owners down whose files take
too much, and `admission` holds every job to that.
"""
