"""Videos in the child process: tracks, timing, orientation and stills."""
