"""A stand-in for IAM that does what the real one cannot be made to do, and remembers what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass
class OwnIam:
    key: rsa.RSAPrivateKey
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Method and path of each request."""
    questions: list[dict[str, Any]] = field(default_factory=list)
    max_age: int = 3600
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """By path, in place of what it would answer."""

    def keys(self, *, kid: str = "own") -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": kid, "alg": "RS256", "use": "sig"}]}

    def sign(self, claims: dict[str, Any], *, kid: Any = "own", **header: Any) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": kid, **header})


@contextmanager
def serving(key: rsa.RSAPrivateKey) -> Iterator[OwnIam]:
    iam = OwnIam(key)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({"/identity/keys": iam.keys()}.get(self.path, {}))

        def do_POST(self) -> None:
            iam.questions.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.reply({"decision": "allow", "because": "the stand-in says so", "explanation": "http://x/"})

        def reply(self, body: dict[str, Any]) -> None:
            iam.asked.append(f"{self.command} {self.path}")
            status, raw = iam.answers.get(self.path, (200, json.dumps(body).encode()))
            self.send_response(status)
            self.send_header("Cache-Control", f"public, max-age={iam.max_age}")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        iam.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield iam
        server.shutdown()
        thread.join()
