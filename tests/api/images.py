"""Images over the API."""

from datetime import timedelta
from typing import Any

from controlplane.kernel import clock, timestamps
from servers.models import Image
from tests.api.vpc import Api
from tests.world import REGION

IMAGES = "/v1/images"
EU_DE = "eu-de.iaas.cloud.ibm.com"
FILE = {"href": "cos://us-south/my-bucket/my-image.qcow2"}
BODY = {"file": FILE, "operating_system": {"name": "ubuntu-22-04-amd64"}}
NAME, USE = "name", "allowed_use.bare_metal_server"


def day(days: float) -> str:
    return timestamps.seconds(clock.now() + timedelta(days=days))


def made(api: Api, **rest: Any) -> dict[str, Any]:
    answer = api.call("POST", IMAGES, BODY | rest)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def listed(api: Api, query: str = "", **headers: str) -> list[str]:
    return [image["name"] for image in api.get(IMAGES, f"limit=100&{query}", **headers).json()["images"]]


def patch(api: Api, image: dict[str, Any], **changes: Any) -> Any:
    return api.call("PATCH", f"{IMAGES}/{image['id']}", changes)


def read(api: Api, image: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"{IMAGES}/{image['id']}").json()
    return body


def stock_image(name: str = "ibm-ubuntu-22-04-5-minimal-amd64-5") -> dict[str, Any]:
    return {"id": Image.objects.get(name=name, region=REGION).id}
