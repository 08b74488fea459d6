"""Rules of tags: their names, the resources that can carry them, and the attributes that policies select those by.

Names and limits: IBM's Global Search and Tagging API, "Tagging rules".
"""

import re

from controlplane.kernel.crn import Crn

CRN = "crn"
"""The attribute with a resource's CRN, by which its access tags are looked up. Conditions cannot use it."""
USER = "user"
ACCESS = "access"
TYPES = (USER, ACCESS)
LONGEST_NAME = 128
LONGEST_CRN = 255
MOST_ON_A_RESOURCE = {USER: 1000, ACCESS: 250}
MOST_ACCESS_TAGS = 250
"""The most access tags of an account."""

NAMES = {
    USER: re.compile(r"[A-Za-z0-9:_ .-]{1,128}"),
    ACCESS: re.compile(r"(?=.{3,128}\Z)[A-Za-z0-9_ .-]+:[A-Za-z0-9_ .-]+"),
}
FORMS = {
    USER: "1 to 128 letters, digits, spaces or any of _ . : -",
    ACCESS: "key:value with one colon, together at most 128 letters, digits, spaces or any of _ . -",
}
CRN_TEXT = re.compile(r"[!#-\[\]-~]+")
"""Printable ASCII without the quote and the backslash, which a search query could not name."""
ZONE_NUMBER = re.compile(r"-\d+\Z")


def normal_name(name: str, type: str) -> str:
    """Return the name as it is stored, in lower case: tags are not case-sensitive. Raises ValueError for an invalid
    name."""
    if not NAMES[type].fullmatch(name):
        raise ValueError(f"The name of {'an' if type == ACCESS else 'a'} {type} tag is {FORMS[type]}.")
    return name.lower()


def key_of(name: str) -> str:
    """Return the key with its colon, ``env:`` for ``env:test``, empty for a plain label; ``update`` compares it."""
    key, colon, _ = name.partition(":")
    return f"{key}{colon}" if colon else ""


def parse_resource(text: str) -> Crn:
    """Parse the CRN of a resource that can carry tags, in the form that Baremint writes (D-23). Raises ValueError."""
    if len(text) > LONGEST_CRN or not CRN_TEXT.fullmatch(text):
        raise ValueError(f"A CRN is at most {LONGEST_CRN} printable characters.")
    crn = Crn.parse(text)
    if str(crn) != text or not crn.service or not (crn.resource or crn.instance):
        raise ValueError("A resource is named by its full CRN, crn:v1:bluemix:public:<service>:...:<type>:<id>.")
    return crn


def attributes_of(crn: Crn) -> dict[str, str]:
    """Return the attributes that a policy may select the resource by.

    A CRN has no resource group, so a policy on one does not apply (D-25).
    """
    head, *rest = crn.resource_type.split("-")
    attributes = {
        "serviceName": crn.service,
        "region": ZONE_NUMBER.sub("", crn.location),
        "serviceInstance": crn.instance,
        "resourceType": crn.resource_type,
        "resource": crn.resource,
        # ``bareMetalServerId``, ``vpcId``, ``resourceGroupId``
        f"{head}{''.join(map(str.capitalize, rest))}Id": crn.resource,
        CRN: str(crn),
    }
    # The caller writes the CRN: a type named ``account`` must not claim another account.
    return {name: value for name, value in attributes.items() if value and name != "accountId"}
