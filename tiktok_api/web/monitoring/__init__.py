"""What a machine asks of a running server: `health` for load balancers, `metrics` for Prometheus."""
