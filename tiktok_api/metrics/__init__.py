"""What is counted for Prometheus, and how several processes show it as one."""
