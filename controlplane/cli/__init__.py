"""The command line client of the REST APIs. It imports nothing of the server: it works against any Baremint."""
