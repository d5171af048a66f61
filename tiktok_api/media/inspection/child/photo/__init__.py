"""Photos in the child process: decoded strip by strip, converted, made small."""
