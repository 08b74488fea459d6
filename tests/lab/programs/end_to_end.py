"""A program on a server, without any configuration: IBM's SDK at its defaults, all the way to the VPC API.

One thing is said, the date of the API version (``service_version``), for the SDK's own default asks for the paths of
virtual servers, which bare metal servers do not have.
"""

import json
import os
import sys

from ibm_cloud_sdk_core.authenticators import VPCInstanceAuthenticator
from ibm_vpc import VpcV1

configured = [name for name in os.environ if name.startswith(("IBM", "VPC", "BAREMINT", "IAM", "HTTP", "http"))]
authenticator = VPCInstanceAuthenticator()
if "default" not in sys.argv:
    authenticator.token_manager.set_service_version("2025-08-26")
vpc = VpcV1(authenticator=authenticator)
servers = vpc.list_bare_metal_servers().get_result()["bare_metal_servers"]
print(json.dumps({"configured": configured, "url": vpc.service_url, "servers": [each["name"] for each in servers]}))
