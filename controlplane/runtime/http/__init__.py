"""The HTTP/1.1 server of every listener: one event loop reads and writes, and threads run the application.

A thread gets a request once it has arrived completely, and returns the complete response, so a client that sends or
reads slowly occupies no thread. ``limits`` has the limits of a connection.

No existing server identifies callers by the socket that accepted their connection, chooses the certificate by it, or
limits the unfinished requests of each caller.
"""
