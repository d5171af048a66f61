"""What `make bench` measures: ratios within one run, printed with the machine and the versions. Never a test."""
