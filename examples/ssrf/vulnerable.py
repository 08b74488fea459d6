"""A vulnerable web page: it fetches any address that a visitor names, from its own server. DO NOT COPY THIS CODE.

vulnerable.py [PORT]      listens on 127.0.0.1 only

It runs on a server, so it may call the server's metadata service; its visitors may not. A visitor who makes the page
call for them (server-side request forgery, SSRF) is taken for the server. Two functions, as many sites have them:

    /preview?url=...                          shows what is behind a link: always a GET, with headers of its own
    /webhook?url=...&method=&header=&body=    tests a webhook: the visitor writes all of the request

The fix would be in this file: fetch only from addresses that you have listed. The lesson leaves the page vulnerable,
and asks what an attacker gains.
"""

import http.client
import ipaddress
import os
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

WARNING = "This page is vulnerable on purpose. It is for a lesson; let no other person reach it."
AGENT = f"link-preview {os.environ.get('BAREMINT_AGENT', '')}".strip()
METADATA = ("169.254.169.254", "api.metadata.cloud.ibm.com")
SIMULATED = ipaddress.ip_network("127.64.0.0/10")
PAGE = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Link preview</title>
<h1>Link preview</h1><p><strong>{WARNING}</strong>
<form action="/preview"><label>Show what is behind a link: <input name="url" size="60"></label>
<button>Show</button></form>
<h2>Try a webhook</h2><form action="/webhook">
<p><label>Method <input name="method" value="POST"></label> <label>URL <input name="url" size="60"></label>
<p><label>Header <input name="header" size="60"></label><p><label>Body <input name="body" size="60"></label>
<button>Send</button></form>"""


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        form = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if (self.headers["Host"] or "").split(":")[0] not in ("127.0.0.1", "localhost"):
            self.say(400, "Not the address of this page.")  # what another site's name was made to point to
        elif url.path == "/":
            self.say(200, PAGE, kind="text/html")
        elif url.path == "/preview" and "url" in form:
            self.say(*fetch("GET", form["url"], headers={}, body=""))
        elif url.path == "/webhook" and "url" in form:
            name, _, value = form.get("header", "").partition(":")
            headers = {name: value.strip()} if name else {}
            self.say(*fetch(form.get("method", "POST"), form["url"], headers, form.get("body", "")))
        else:
            self.say(404, "There is /, /preview and /webhook.")

    def say(self, status: int, text: str, *, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("X-Warning", WARNING)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, form: str, *values: object) -> None:
        """Log nothing: requests to this page contain tokens."""


def fetch(method: str, url: str, headers: dict[str, str], body: str) -> tuple[int, str]:
    """THE VULNERABILITY: visitors choose which address this server calls. Returns status and text of the answer."""
    there = urlsplit(url)
    if not is_of_the_lesson(there.hostname or ""):
        return 400, "This page fetches from metadata services only. The hole is for the lesson, not for your machine."
    try:
        # For an https address, the certificate must be one that this machine trusts.
        kind = http.client.HTTPSConnection if there.scheme == "https" else http.client.HTTPConnection
        connection = kind(there.hostname or "", there.port, timeout=5)
        connection.request(method, f"{there.path}?{there.query}", body or None, {"User-Agent": AGENT, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except ssl.SSLCertVerificationError as error:
        return 400, f"The page does not trust the certificate of that address: {error.verify_message}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return 400, f"The page got no answer: {error}"


def is_of_the_lesson(host: str) -> bool:
    """A real one would fetch from everywhere. This one reaches only the simulation."""
    try:
        return host in METADATA or ipaddress.ip_address(host) in SIMULATED
    except ValueError:
        return False


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8666
    server = ThreadingHTTPServer(("127.0.0.1", port), Page)  # listens from here on
    print(f"http://127.0.0.1:{port}/  {WARNING}", flush=True)
    server.serve_forever()
