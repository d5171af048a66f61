"""What a file is: sniffed by its first bytes here, opened only in a child process."""
