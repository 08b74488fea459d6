"""IBM's Python SDKs, asked to do things: a JSON object a line in, a JSON object a line out."""

import json
import os
import sys
import time
from importlib.metadata import version
from typing import Any

from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import Authenticator
from ibm_cloud_sdk_core.get_authenticator import get_authenticator_from_environment
from ibm_platform_services import IamIdentityV1
from ibm_vpc import VpcV1
from key_protect_calls import CALLS
from keyprotect import IbmKeyProtectApiV2


def authenticator_of(request: dict[str, Any]) -> Authenticator:
    configure(request)
    return get_authenticator_from_environment(request["service"])


def configure(request: dict[str, Any]) -> None:
    for name, value in request["properties"].items():
        os.environ[f"{request['service'].upper()}_{name}"] = value


def authenticate(request: dict[str, Any]) -> dict[str, Any]:
    authenticator = authenticator_of(request)
    tokens = []
    for number in range(request["times"]):
        time.sleep(request["pause"] if number else 0)
        headers: dict[str, str] = {}
        authenticator.authenticate({"headers": headers})
        tokens.append(headers["Authorization"].removeprefix("Bearer "))
    return {"tokens": tokens}


def list_servers(request: dict[str, Any]) -> dict[str, Any]:
    configure(request)
    page = VpcV1.new_instance(service_name=request["service"]).list_bare_metal_servers().get_result()
    return {"servers": [server["name"] for server in page["bare_metal_servers"]]}


def list_profiles(request: dict[str, Any]) -> dict[str, Any]:
    configure(request)
    service = IamIdentityV1.new_instance(service_name=request["service"])
    page = service.list_profiles(account_id=request["account"]).get_result()
    return {"profiles": [profile["name"] for profile in page["profiles"]]}


def key_protect(request: dict[str, Any]) -> dict[str, Any]:
    """A call of the Key Protect client. What goes in and comes out has the same names in all languages."""
    configure(request)
    client = IbmKeyProtectApiV2.new_instance(service_name=request["service"])
    call = request["call"]
    if call["method"] not in CALLS:
        raise ValueError(f"this program has no method {call['method']}")
    return CALLS[call["method"]](client, call)


def versions(request: dict[str, Any]) -> dict[str, Any]:
    names = ("ibm-cloud-sdk-core", "ibm-vpc", "ibm-platform-services", "keyprotect")
    return {"language": f"Python {sys.version.split()[0]}", "packages": {name: version(name) for name in names}}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = globals()[asked["operation"]](asked)
    except ApiException as error:
        answer = {"error": {"status": error.status_code, "message": str(error)}}
    except Exception as error:
        answer = {"error": {"status": None, "message": f"{type(error).__name__}: {error}"}}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
