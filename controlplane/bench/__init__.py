"""``baremint bench``: measure the product under load, relative to the machine's raw signing rate in the same run."""
