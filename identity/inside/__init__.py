"""Door 1: the metadata service, from inside a server. Plain Django views, no DRF machinery on the hot path."""
