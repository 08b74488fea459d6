"""A small S3-compatible object store: the service on the other side of a server's IAM token.

It stands outside: what a token says it knows from IAM's published keys, what its bearer may do from IAM's decision
call, both over HTTP. So it shows what any service that trusts IAM has to do, and what the tokens are good for.
"""
