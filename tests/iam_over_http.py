"""The product in a thread, so that services reach IAM over HTTP on the database of the tests. A conftest imports
them."""

from collections.abc import Iterator
from socketserver import ThreadingMixIn
from threading import Thread, current_thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import DEFAULT_DB_ALIAS, connections

from controlplane.cloudservice import keyset


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


class Server(ThreadingMixIn, WSGIServer):
    """Each request in a thread that uses the tests' own connection, and so sees what the test has not committed."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.database = connections[DEFAULT_DB_ALIAS]
        self.at_work: set[Thread] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self.at_work.add(current_thread())
        try:
            connections[DEFAULT_DB_ALIAS] = self.database
            super().process_request_thread(request, client_address)
        finally:
            self.at_work.discard(current_thread())

    def join_requests(self) -> None:
        """Wait for what the threads do after their answers: the next test's transaction is not theirs."""
        for thread in list(self.at_work):
            thread.join(10)


@pytest.fixture(scope="session")
def control_plane_server(django_db_setup: None) -> Iterator[Server]:
    """The product in a thread, on the tests' database: IAM as the object store reaches it, over HTTP."""
    connections[DEFAULT_DB_ALIAS].inc_thread_sharing()
    with make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    connections[DEFAULT_DB_ALIAS].dec_thread_sharing()


@pytest.fixture
def control_plane(db: None, control_plane_server: Server) -> Iterator[str]:
    """The URL of the control plane."""
    yield control_plane_server.url
    control_plane_server.join_requests()


@pytest.fixture(autouse=True)
def no_keys_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "known", keyset.KeySet())
