"""The bottom of the tree: no models, and no import of any app of ours."""
