"""``/_baremint/explain``: what may be asked, by whom, and what the answer says."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from servers.models import BareMetalServer
from tests.api.asking import PATH, ask
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR, attribute, make_content
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.models import Policy, ProfileIdentity, TrustedProfile, User
from trustedprofiles.services.identities import IdentityContent, set_identity
from trustedprofiles.services.links import create_link
from trustedprofiles.services.policies import create_policy, delete_policy

LIST = "is.bare-metal-server.bare-metal-server.list"
CREATE = "is.bare-metal-server.bare-metal-server.create"
BY = Party("IBMid-ALICE00001", "Alice", "User")
BOB = "IBMid-BOB0000001"


def follow(url: str, caller: Caller = ALICE) -> Any:
    return call("GET", url[url.index(PATH) :], caller=caller)


def mend(answer: dict[str, Any]) -> Any:
    """The owner does what the answer offers."""
    request = answer["nearest"]["request"]
    query = "?version=2025-08-26&generation=2" if "bare_metal_servers" in request["path"] else ""
    response = call(request["method"], request["path"] + query, request["body"])
    assert response.status_code in (200, 201), response.content
    return response


# --- may a subject do this? --------------------------------------------------------------------------------------


def test_an_allowance_names_the_policy_and_the_role_that_decided(policy: Policy) -> None:
    answer = ask(subject=VICTOR, action=LIST).json()
    assert answer["decision"] == "allow"
    role = {"crn": "crn:v1:bluemix:public:iam::::role:Viewer", "display_name": "Viewer"}
    assert answer["decided_by"] == {"type": "policy", "id": str(policy.id), "role": role}
    assert answer["considered"] == [
        {"type": "policy", "id": str(policy.id), "applies": True, "roles": ["Viewer"], "missing": []}
    ]
    assert "nearest" not in answer


def test_a_refusal_names_what_each_policy_lacks_the_nearest_first(world: World, policy: Policy) -> None:
    more = (attribute("region", "eu-de"), attribute("vpcId", "r006-1"))
    far = create_policy(world.account, content=make_content(more=more), api_version="v1", by=BY)
    answer = ask(subject=VICTOR, action=CREATE, resource={"region": "us-south"}).json()
    assert [(each["id"], each["missing"]) for each in answer["considered"]] == [
        (str(policy.id), ["a role that includes the action"]),
        (
            str(far.id),
            ["a role that includes the action", "region stringEquals eu-de", "vpcId stringEquals r006-1"],
        ),
    ]
    assert answer["nearest"]["because"] == f"policy {policy.id} grants Viewer, which does not include it."
    assert "decided_by" not in answer


def test_the_owner_of_the_account_decides_for_itself(world: World) -> None:
    answer = ask(action=CREATE).json()
    assert answer["decided_by"] == {"type": "account_owner", "id": ACCOUNT}
    assert (answer["decision"], answer["subject"], answer["considered"]) == ("allow", ALICE.iam_id, [])


def test_account_and_service_of_the_resource_need_not_be_said(world: World) -> None:
    everything = {"region": "us-south", "bareMetalServerId": "*"}
    assert ask(action=CREATE).json()["resource"] == {"accountId": ACCOUNT, "serviceName": "is", **everything}


def test_what_is_offered_makes_it_an_allowance(policy: Policy) -> None:
    question = {"subject": VICTOR, "action": CREATE, "resource": {"region": "us-south", "serviceType": "x"}}
    response = mend(ask(**question).json())
    answer = ask(**question).json()
    assert (answer["decision"], answer["decided_by"]["id"]) == ("allow", response.json()["id"])


def test_a_deleted_policy_is_not_considered_and_not_obeyed(policy: Policy) -> None:
    delete_policy(policy, by=BY)
    answer = ask(subject=VICTOR, action=LIST).json()
    assert (answer["decision"], answer["considered"]) == ("deny", [])
    assert answer["nearest"]["because"] == f"{VICTOR} has no policy at all."


def test_nothing_is_offered_for_a_resource_of_another_account(policy: Policy) -> None:
    answer = ask(subject=VICTOR, action=LIST, resource={"accountId": OTHER_ACCOUNT}).json()
    assert (answer["decision"], answer["nearest"].keys()) == ("deny", {"because"})


def test_the_url_of_an_answer_asks_the_same_again(policy: Policy) -> None:
    question = {"subject": VICTOR, "action": "cloud-object-storage.object.get", "resource": {"resource": "a&b=c d/é"}}
    answer = ask(**question).json()
    assert follow(answer["explanation"]).json() == answer


def test_a_question_leaves_one_event_of_whom_it_is_about(profile: TrustedProfile) -> None:
    ask(subject=profile.name, action=LIST)
    event = ActivityEvent.objects.get(action="iam-am.explanation.read")
    assert (event.outcome, event.target_id) == ("success", profile.iam_id)


# --- does a profile trust a server? -----------------------------------------------------------------------------


def test_a_link_that_decides_is_named(server: BareMetalServer, profile: TrustedProfile) -> None:
    link = create_link(profile, cr_type="BMS", crn=server.crn, by=BY)
    answer = ask(server=server.name, profile=profile.name).json()
    assert (answer["decision"], answer["decided_by"]) == ("allow", {"type": "link", "id": link.id})
    assert answer["considered"] == [{"type": "link", "id": link.id, "applies": True, "missing": []}]


@pytest.mark.parametrize("key", ["id", "crn", "name"])
def test_server_and_profile_are_meant_by_any_of_their_names(
    server: BareMetalServer, profile: TrustedProfile, key: str
) -> None:
    answer = ask(server=getattr(server, key), profile=getattr(profile, key)).json()
    assert (answer["server"], answer["profile"]) == (server.crn, profile.crn)


def test_a_rule_that_does_not_hold_says_which_condition(server: BareMetalServer, profile: TrustedProfile) -> None:
    condition = {"claim": "zone", "operator": "EQUALS", "value": '"us-south-2"'}
    body = {"type": "Profile-CR", "cr_type": "BMS", "conditions": [condition]}
    rule = call("POST", f"/v1/profiles/{profile.id}/rules", body).json()
    answer = ask(server=server.id, profile=profile.id).json()
    missing = 'zone EQUALS "us-south-2" does not hold, it is us-south-1'
    assert answer["considered"] == [{"type": "rule", "id": rule["id"], "applies": False, "missing": [missing]}]
    assert missing in answer["nearest"]["because"]


def test_the_link_that_is_offered_makes_it_trust(server: BareMetalServer, profile: TrustedProfile) -> None:
    body = ask(server=server.id, profile=profile.id).json()
    response = mend(body)
    answer = follow(body["explanation"]).json()
    assert (answer["decision"], answer["decided_by"]["id"]) == ("allow", response.json()["id"])


# --- may a server use its metadata service? ---------------------------------------------------------------------


def test_the_switch_that_is_offered_turns_the_metadata_service_on(server: BareMetalServer) -> None:
    body = ask(server=server.name).json()
    assert (body["decision"], body["considered"]) == ("deny", [])
    mend(body)
    answer = follow(body["explanation"]).json()
    assert (answer["decision"], answer["decided_by"]) == ("allow", {"type": "metadata_service", "id": server.crn})
    assert answer["because"] == "The metadata service is enabled on this server, and answers http only."


def test_two_switches_are_offered_one_after_the_other(server: BareMetalServer) -> None:
    call("PATCH", "/_baremint/account", {"metadata_service": {"enabled": False}})
    for path in ("/_baremint/account", f"/v1/bare_metal_servers/{server.id}"):
        body = ask(server=server.name).json()
        assert body["nearest"]["request"]["path"] == path
        mend(body)
    assert ask(server=server.name).json()["decision"] == "allow"


# --- may a subject assume a profile? -----------------------------------------------------------------------------


def identity(profile: TrustedProfile, identifier: str, **content: Any) -> ProfileIdentity:
    return set_identity(profile, identity=IdentityContent("user", identifier, **content), by=BY)


def test_the_identity_that_decides_is_named(profile: TrustedProfile) -> None:
    identity(profile, BOB)
    answer = ask(profile=profile.name, subject=BOB).json()
    assert (answer["decision"], answer["decided_by"]) == ("allow", {"type": "identity", "id": BOB})
    assert answer["considered"] == [{"type": "identity", "id": BOB, "applies": True, "missing": []}]


def test_who_else_may_assume_it_is_not_told(profile: TrustedProfile) -> None:
    identity(profile, "IBMid-OUTSIDER1")
    answer = ask(Caller(BOB, ACCOUNT, "Bob", "User"), profile=profile.name)
    assert answer.json()["decision"] == "deny"
    assert "OUTSIDER" not in answer.content.decode()


SUBJECTS = {
    "a-person": BOB,
    "a-server": f"crn-crn:v1:bluemix:public:is:us-south-1:a/{ACCOUNT}::bare-metal-server:0717-1",
}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS.keys())
def test_the_identity_that_is_offered_may_assume_it(profile: TrustedProfile, subject: str) -> None:
    body = ask(profile=profile.id, subject=subject).json()
    mend(body)
    assert follow(body["explanation"]).json()["decision"] == "allow"


def test_nothing_is_offered_to_another_trusted_profile(profile: TrustedProfile) -> None:
    answer = ask(profile=profile.id, subject=VICTOR).json()
    assert (answer["decision"], answer["nearest"].keys()) == ("deny", {"because"})
    assert "people, service IDs and resources" in answer["because"]


def test_an_account_is_added_to_those_that_a_person_may_come_from(profile: TrustedProfile) -> None:
    """And the accounts that it has stay."""
    identity(profile, BOB, accounts=[OTHER_ACCOUNT])
    body = ask(profile=profile.id, subject=BOB).json()
    assert body["considered"][0]["missing"] == [f"account {ACCOUNT} among its accounts"]
    mend(body)
    assert follow(body["explanation"]).json()["decision"] == "allow"
    assert ProfileIdentity.objects.get().accounts == [OTHER_ACCOUNT, ACCOUNT]


# --- who may ask ------------------------------------------------------------------------------------------------

VICTOR_CALLS = caller_of(VICTOR)


def test_a_caller_that_asks_about_itself_needs_no_policy(world: World) -> None:
    assert ask(VICTOR_CALLS, action=LIST).json()["decision"] == "deny"
    assert ask(VICTOR_CALLS, action=LIST, subject=VICTOR).status_code == 200


@pytest.mark.parametrize(
    "question",
    [{"action": LIST, "subject": BOB}, {"server": "web-1"}, {"server": "web-1", "profile": "victor"}],
    ids=["another-subject", "a-server", "a-server-and-a-profile"],
)
def test_asking_about_another_identity_needs_a_policy(
    server: BareMetalServer, profile: TrustedProfile, question: dict[str, str]
) -> None:
    User.objects.create_user("bob", iam_id=BOB, account=profile.account)
    assert refusal(ask(VICTOR_CALLS, **question)) == (403, "not_authorized")
    for service in ("iam-access-management", "is", "iam-identity"):
        content = make_content(VICTOR, service=service)
        create_policy(profile.account, content=content, api_version="v1", by=BY)
    assert ask(VICTOR_CALLS, **question).status_code == 200


@pytest.mark.parametrize(
    ("question", "lacking"),
    [
        ({"server": "web-1"}, "is"),
        ({"server": "web-1", "profile": "victor"}, "is"),
        ({"server": "web-1", "profile": "victor"}, "iam-identity"),
        ({"subject": BOB, "profile": "victor"}, "iam-identity"),
    ],
)
def test_what_the_caller_may_not_read_is_like_what_does_not_exist(
    server: BareMetalServer, profile: TrustedProfile, question: dict[str, str], lacking: str
) -> None:
    for service in {"iam-access-management", "is", "iam-identity"} - {lacking}:
        content = make_content(VICTOR, service=service)
        create_policy(profile.account, content=content, api_version="v1", by=BY)
    hidden = ask(VICTOR_CALLS, **question)
    kind = "server" if lacking == "is" else "profile"
    missing = ask(VICTOR_CALLS, **{**question, kind: "unknown"})
    assert hidden.status_code == missing.status_code == 400
    assert [each["message"] for each in hidden.json()["errors"]] == [
        each["message"] for each in missing.json()["errors"]
    ]


def test_a_deactivated_person_may_do_nothing(world: World, profile: TrustedProfile) -> None:
    User.objects.create_user("bob", iam_id=BOB, account=world.account, is_active=False)
    create_policy(world.account, content=make_content(BOB), api_version="v1", by=BY)
    set_identity(profile, identity=IdentityContent("user", BOB), by=BY)
    for question in ({"action": LIST}, {"profile": profile.id}):
        answer = ask(subject=BOB, **question).json()
        assert (answer["decision"], "deactivated" in answer["because"]) == ("deny", True)


def test_a_program_asks_about_the_server_it_is_on(server: BareMetalServer, profile: TrustedProfile) -> None:
    program = Caller(VICTOR, ACCOUNT, "web-1", "ComputeResource", compute_resource_crn=server.crn)
    assert ask(program, server=server.crn, profile=profile.id).status_code == 200
    assert ask(program, server=server.id).status_code == 200
    assert ask(program, server=f"{server.crn}0").status_code == 403


def test_mallory_learns_nothing_of_alices(server: BareMetalServer, profile: TrustedProfile, policy: Policy) -> None:
    assert refusal(ask(MALLORY, server=server.crn)) == (400, "not_found")
    assert refusal(ask(MALLORY, profile=profile.crn)) == (400, "not_found")
    assert refusal(ask(MALLORY, subject=VICTOR, action=LIST)) == (400, "not_found")
    answer = ask(MALLORY, action=LIST, resource={"accountId": ACCOUNT})
    assert (answer.json()["decision"], answer.json()["considered"]) == ("deny", [])


@pytest.mark.parametrize("action", ["console", "ip-spoofing", "infrastructure-nat"])
def test_an_administrator_is_offered_a_policy_with_the_role_of_its_own(world: World, action: str) -> None:
    question = {"subject": VICTOR, "action": f"is.bare-metal-server.bare-metal-server.{action}", "resource": {}}
    create_policy(world.account, content=make_content(VICTOR, "Administrator"), api_version="v1", by=BY)
    mend(ask(**question).json())
    assert ask(**question).json()["decision"] == "allow"
