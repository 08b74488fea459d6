"""Door 3: what verifiers of certificates fetch, whoever they are. Plain Django views, no credentials."""
