"""What the benchmarks of the gateway share."""
