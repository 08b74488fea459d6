"""``baremint bench``: the product under load, as a ratio to the machine's raw signing rate in the same run."""
