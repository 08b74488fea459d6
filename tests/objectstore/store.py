"""The object store as tests call it: S3 over HTTP with a bearer token, answers read as XML."""

from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from django.http import HttpResponse
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from identity import claims, signing
from identity.models import KeyPair
from tests.world import ACCOUNT, ALICE

ISSUER = "https://iam.cloud.ibm.com/identity"


def token_claims(iam_id: str = ALICE.iam_id, account_id: str = ACCOUNT, name: str = "Alice") -> dict[str, Any]:
    return claims.iam_claims(
        claims.Subject(iam_id, iam_id, name, account_id),
        issuer=ISSUER,
        now=clock.now(),
        lifetime=timedelta(seconds=3600),
        grant_type=claims.APIKEY_GRANT,
        authn={"sub": iam_id},
    )


def token_of(*subject: str, **changes: Any) -> str:
    """Signed by IAM's own key."""
    return signing.sign({**token_claims(*subject), **changes}, purpose=KeyPair.Purpose.IAM)[0]


class Store:
    def __init__(self, token: str = "") -> None:
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = Client()

    def __call__(self, method: str, path: str, body: bytes = b"", **headers: str) -> HttpResponse:
        """``path`` behind ``/cos``; headers with underscores for hyphens."""
        http_headers = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        kind = http_headers.pop("Content-Type", "")
        return self.client.generic(method, f"/cos{path}", body, content_type=kind, headers=http_headers)  # type: ignore[return-value]

    def put(self, path: str, body: bytes = b"", **headers: str) -> HttpResponse:
        answer = self("PUT", path, body, **headers)
        assert answer.status_code == 200, answer.content
        return answer


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def parsed(answer: HttpResponse) -> Element:
    assert answer["Content-Type"] == "application/xml"
    return fromstring(answer.content)


def texts(answer: HttpResponse, name: str) -> list[str]:
    """Of all elements of this name, at any depth."""
    return [each.text or "" for each in parsed(answer).iter() if local(each) == name]


def refused(answer: HttpResponse) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert local(parsed(answer)) == "Error", answer.content
    return answer.status_code, texts(answer, "Code")[0]


def last_event() -> ActivityEvent:
    event = ActivityEvent.objects.filter(action__startswith="cloud-object-storage.").order_by("-id").first()
    assert event is not None
    return event
