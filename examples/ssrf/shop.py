"""What can be stolen: a shop whose web server reads its pages from the object store.

shop.py wide SERVER NAME       the server's trusted profile NAME may read every bucket: it was less work to write
shop.py small SERVER NAME      ... may read the bucket with the pages, which is all that the web server needs

The buckets are NAME-pages and NAME-customers.

For operators: it acts with the API key of `baremint token`. It may be run again and again.
"""

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

BAREMINT = shutil.which("baremint") or str(Path(__file__).resolve().parents[2] / ".venv" / "bin" / "baremint")
READER = "crn:v1:bluemix:public:iam::::serviceRole:Reader"
OBJECTS = {
    "pages/index.html": "<h1>Welcome to the shop</h1>\n",
    "customers/customers.csv": "name,telephone\nAda Lovelace,+44 20 7946 0018\nAlan Turing,+44 161 496 0023\n",
}
TAKEN = 409


def main(width: str, server_name: str, name: str) -> None:
    info = json.loads(told("info", "--json"))
    api = Api(info["iam_url"], told("token").strip())
    account = info["account_id"]
    server = next(each for each in info["servers"] if server_name in (each["name"], each["id"]))
    for path, content in OBJECTS.items():
        api.call("PUT", f"/cos/{name}-{path.partition('/')[0]}", unless=TAKEN)
        api.call("PUT", f"/cos/{name}-{path}", content)
    profile = the_profile(api, account, name)
    api.call("POST", f"/v1/profiles/{profile['id']}/links", {"cr_type": "BMS", "link": {"crn": server["crn"]}}, TAKEN)
    for policy in api.call("GET", f"/v1/policies?account_id={account}&iam_id={profile['iam_id']}")["policies"]:
        api.call("DELETE", f"/v1/policies/{policy['id']}")
    api.call("POST", "/v1/policies", policy_for(profile, account, only="" if width == "wide" else f"{name}-pages"))
    print(f"On {server['name']}, the profile {name} may read {'everything' if width == 'wide' else f'{name}-pages'}.")


def the_profile(api: "Api", account: str, name: str) -> dict[str, Any]:
    profiles = api.call("GET", f"/v1/profiles?account_id={account}&name={name}")["profiles"]
    return profiles[0] if profiles else api.call("POST", "/v1/profiles", {"name": name, "account_id": account})


def policy_for(profile: dict[str, Any], account: str, *, only: str) -> dict[str, Any]:
    """Reader of the object store; of one bucket, if only that is named."""
    about = {"accountId": account, "serviceName": "cloud-object-storage"}
    if only:
        about |= {"resourceType": "bucket", "resource": only}
    return {
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": profile["iam_id"]}]}],
        "roles": [{"role_id": READER}],
        "resources": [{"attributes": [{"name": name, "value": value} for name, value in about.items()]}],
    }


class Api:
    def __init__(self, url: str, token: str) -> None:
        self.url, self.headers = url, {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None, unless: int = 0) -> Any:
        """The answer as JSON, if it is any; a refusal ends the program, ``unless`` it has this status."""
        data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "text/plain" if isinstance(body, str) else "application/json"}
        request = urllib.request.Request(self.url + path, data, self.headers | kind, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                content = answer.read()
                return json.loads(content) if content else None
        except urllib.error.HTTPError as refusal:
            if refusal.code == unless:
                return None
            sys.exit(f"{method} {path}: {refusal.code} {refusal.read().decode()}")


def told(*words: str) -> str:
    return subprocess.run([BAREMINT, *words], stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("wide", "small"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
