"""Resources for verifiers of certificates, which any client may fetch. Plain Django views, no credentials."""
