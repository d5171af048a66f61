"""What `make` runs: the demo, the development stack, the doctor, and generated files."""
