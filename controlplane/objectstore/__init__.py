"""A small S3-compatible object store, a service that accepts IAM tokens.

It uses IAM only over HTTP: it verifies tokens with IAM's published keys, and asks IAM's decision call what a caller may
do. So it shows what any service that trusts IAM has to do.
"""
