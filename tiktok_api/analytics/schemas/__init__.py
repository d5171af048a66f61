"""The shapes of JSON: windows and selections of a request, readings, sums and series of a response."""
