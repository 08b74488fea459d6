"""Which registrations match a CRN with wildcards, on both databases (contract, section 2.1)."""

from urllib.parse import quote

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.registration_lists import RegistrationQuery, list_registrations, registrations_of
from tests.keyprotect.made import make_key
from tests.keyprotect.stored import STORE_CRN, register
from tests.on_both import db, shared_database
from tests.tables import assert_rows

__all__ = ["db", "shared_database"]

CRNS = {
    f"{STORE_CRN}:bucket:one": ["one"],
    f"{STORE_CRN}:*:*": ["one", "only", "a.b"],
    f"{STORE_CRN}:bucket:on*": ["one", "only"],
    "crn:v1:bluemix:public:cloud-object-storage:*:*:*:*:*": ["one", "only", "a.b"],
    "crn:v1:bluemix:public:other:*:*:*:*:*": [],
    f"{STORE_CRN}:bucket:a.b": ["a.b"],
    f"{STORE_CRN}:bucket:...": [],
    f"{STORE_CRN}:bucket:o": [],
    quote(f"{STORE_CRN}:bucket:on*"): ["one", "only"],
}
"""The last one is encoded twice: the name of the parameter says that its value is encoded."""


def test_registrations_are_limited_by_a_crn_with_wildcards(instance: ResourceInstance) -> None:
    key = make_key(instance)
    for name in ("one", "only", "a.b"):
        register(key, name)

    def buckets(crn: str) -> list[str]:
        query = RegistrationQuery.parse({"urlEncodedResourceCRNQuery": crn})
        page, _ = list_registrations(registrations_of(instance), query)
        return [each.resource_crn.rpartition(":")[2] for each in page]

    assert_rows({crn: buckets(crn) for crn in CRNS}, CRNS)
