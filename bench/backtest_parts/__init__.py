"""Parts of the benchmark of replaying a plan."""
