"""Collections that are not simulated are empty, take nothing, and are asked for like any other."""

import re
from pathlib import Path

from ibm_vpc import vpc_v1

from controlplane.apidocs.document import document
from servers.api.not_simulated import KINDS, Kind
from tests.api.vpc import Api, errors, fits
from tests.tables import check_each
from tests.world import World

PATHS = set(re.findall(r"url = '(/[^']+)'", Path(vpc_v1.__file__).read_text(encoding="utf-8")))
"""Of all operations of IBM's SDK, below ``/v1``."""
PLACEHOLDER = re.compile(r"\{\w+\}")


def test_the_collection_is_empty_in_the_shape_of_ibms_sdk(api: Api) -> None:
    # D-122
    def check(kind: Kind) -> None:
        answer = api.get(f"/v1/{kind.path}", "limit=7&vpc.id=r006-none")
        assert answer.status_code == 200
        collection = fits(getattr(vpc_v1, f"{kind.shape}Collection"), answer.json())
        assert (collection.total_count, collection.limit, getattr(collection, kind.items)) == (0, 7, [])

    check_each(KINDS, check)


def test_an_item_is_not_found(api: Api) -> None:
    def check(kind: Kind) -> None:
        for method in kind.of_item():
            answer = api.call(method, f"/v1/{kind.path}/r006-none", {})
            assert (answer.status_code, errors(answer)) == (404, [("not_found", "")])
            assert "not found" in answer.json()["errors"][0]["message"]

    check_each(KINDS, check)


def test_an_item_cannot_be_made_and_the_refusal_says_what_can(api: Api) -> None:
    def check(kind: Kind) -> None:
        answer = api.call("POST", f"/v1/{kind.path}", {"name": "new"})
        assert (answer.status_code, errors(answer)) == (400, [("not_supported", "")])
        message = answer.json()["errors"][0]["message"]
        assert kind.words in message
        assert "bare metal servers" in message

    check_each([kind for kind in KINDS if not kind.read_only], check)


def test_abbreviations_are_written_as_ibm_writes_them(api: Api) -> None:
    answers = [api.get(f"/v1/{path}/none") for path in ("ike_policies", "ipsec_policies", "vpn_gateways")]
    targets = [answer.json()["errors"][0]["message"].partition(":")[0] for answer in answers]
    assert targets == ["IKE policy not found", "IPsec policy not found", "VPN gateway not found"]


def test_the_operations_of_a_kind_are_those_of_ibms_sdk_and_are_marked() -> None:
    def check(kind: Kind) -> None:
        paths = document()["paths"]
        marked = [*paths[f"/v1/{kind.path}"].values(), *paths[f"/v1/{kind.path}/{{id}}"].values()]
        assert all(operation["x-not-simulated"] for operation in marked)
        assert all(hasattr(vpc_v1.VpcV1, operation["operationId"]) for operation in marked)

    check_each(KINDS, check)


def test_every_collection_of_ibms_sdk_is_served(world: World) -> None:
    served = document()["paths"]
    assert {path for path in PATHS if "{" not in path and f"/v1{path}" not in served} == set()


def test_what_is_below_an_item_is_not_found(api: Api) -> None:
    parents = tuple(f"/{kind.path}/" for kind in KINDS)
    below = [path for path in PATHS if path.startswith(parents) and path.count("/") > path.rstrip("}").count("{") + 1]
    assert len(below) > len(KINDS)
    answers = {path: api.get(f"/v1{PLACEHOLDER.sub('none', path)}") for path in below}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert all("not found" in answer.json()["errors"][0]["message"].lower() for answer in answers.values())
