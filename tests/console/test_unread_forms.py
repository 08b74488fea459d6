"""A form that is too large, or is none, is answered by a page; what a program sends is answered in an envelope."""

from itertools import product
from typing import Any

import pytest
from django.test import Client

from controlplane.console.middleware import POLICY
from controlplane.kernel.awaited_body import TooLargeBody
from tests.tables import alone, check_each

PAGES = ["/theme", "/servers/new", "/login", "/admin/login/", "/admin/servers/key/"]
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
PART = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n{}\r\n'
MANY = 1010
FORMS: dict[str, tuple[str, str, int, str]] = {
    "large": (FORM, "a=" + "b" * 300_000, 413, "The request body is too large."),
    "large-parts": (MULTIPART, PART.format("b" * 300_000) + "--b--\r\n", 413, "The request body is too large."),
    "many": (FORM, "a=b&" * MANY, 400, "The form has too many fields. Send fewer of them."),
    "many-parts": (MULTIPART, PART.format("b") * MANY, 400, "The form has too many fields. Send fewer of them."),
    "no-parts": (
        "multipart/form-data",
        "a=b",
        400,
        "The request body is not what its Content-Type says it is.",
    ),
}


def test_a_browser_is_shown_a_page(alice: Client) -> None:
    def check(case: tuple[str, str]) -> None:
        form, path = case
        kind, body, status, message = FORMS[form]
        answer = send(alice, path, body, kind, accept="text/html,application/xhtml+xml")
        assert (answer.status_code, answer["Content-Security-Policy"]) == (status, POLICY)
        assert f"<h1>Refused</h1><p>{message.replace(chr(39), '&#x27;')}</p>" in answer.content.decode()

    check_each(list(product(FORMS, PAGES)), alone(check))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("kind", [FORM, MULTIPART])
def test_a_browser_is_shown_a_page_for_a_form_of_which_nothing_was_read(
    alice: Client, path: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    environ: Any = {"wsgi.input": TooLargeBody(262_144)}
    answer = alice.generic("POST", path, b"", kind, headers={"accept": "text/html"}, **environ)
    assert answer.status_code == 413
    assert "<p>The request body is larger than 262144 bytes." in answer.content.decode()
    assert [record.message for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(("kind", "body", "status", "message"), FORMS.values(), ids=FORMS.keys())
def test_a_program_is_told_the_same_in_an_envelope(
    alice: Client, kind: str, body: str, status: int, message: str
) -> None:
    answer = send(alice, "/theme", body, kind, accept="*/*")
    assert (answer.status_code, answer.json()["errors"]) == (400, [{"code": "invalid_request", "message": message}])


def test_a_script_of_a_page_is_given_a_note_to_show(alice: Client) -> None:
    answer = send(alice, "/theme", "a=b&" * MANY, FORM, accept="*/*", hx_request="true")
    assert (answer.status_code, answer["HX-Retarget"]) == (400, "#alerts")
    assert "too many fields" in answer.content.decode()


def test_a_browser_at_a_host_that_is_not_ours_is_shown_a_page(alice: Client) -> None:
    answer = alice.get("/", headers={"accept": "text/html", "host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "<h1>Refused</h1><p>The Host of the request" in answer.content.decode()


def send(client: Client, path: str, body: str, kind: str, **headers: str) -> Any:
    return client.generic("POST", path, body, kind, headers={k.replace("_", "-"): v for k, v in headers.items()})
