"""Communication checks (通信检查): the contact network is paged, and who answered when and by which way is reported."""
