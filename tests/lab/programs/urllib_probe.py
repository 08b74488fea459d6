"""Prints the HTTP status of a PUT, by the standard library, which trusts what the system trusts."""

import sys
import urllib.error
import urllib.request

for url in sys.argv[1:]:
    request = urllib.request.Request(url, headers={"Metadata-Flavor": "ibm"}, method="PUT")
    try:
        print(urllib.request.urlopen(request, timeout=10).status)
    except urllib.error.HTTPError as error:
        print(error.code)
