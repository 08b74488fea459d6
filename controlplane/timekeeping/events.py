"""Activity events of the clock."""

CLOCK_READ = "baremint.clock.read"
CLOCK_SET = "baremint.clock.set"
