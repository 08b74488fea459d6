"""The metadata service, which programs on a server call. Plain Django views, no DRF machinery on the hot path."""
