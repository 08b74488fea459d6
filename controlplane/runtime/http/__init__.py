"""HTTP/1.1 for every listener of the product: one event loop reads and writes, threads only work.

A thread is given a request when all of it has arrived, and gives back all of its answer, so no client can keep a thread
by sending or reading slowly. What a connection may take is in ``limits``.

It is a server of our own because no other one tells callers apart by the socket that took their connection, chooses the
certificate by it, or limits what each of them has begun and not sent.
"""
