"""A service that Baremint does not know: notes of an account. ``BAREMINT_SERVICES=tests.sample_service`` adds it."""
