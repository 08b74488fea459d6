"""Prints the HTTP status of a PUT, by requests, which brings a trust store of its own."""

import sys

import requests

for url in sys.argv[1:]:
    print(requests.put(url, headers={"Metadata-Flavor": "ibm"}, timeout=10).status_code)
