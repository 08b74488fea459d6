"""What verifiers of certificates fetch; any client may. Plain Django views, no credentials."""
