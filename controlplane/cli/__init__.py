"""The command line client of the REST APIs. It imports nothing of the server and works with any Baremint."""
