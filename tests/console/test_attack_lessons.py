"""Lessons 4, 5 and 7: what finishes a check, and what looks like it and does not."""

from pathlib import Path
from typing import Any

import pytest

from controlplane.activity.events import COMPUTE_RESOURCE_LOGIN, IDENTITY_TOKEN_CREATE
from controlplane.activity.models import ActivityEvent
from controlplane.console.lessons import mutual_tls, secure_access, ssrf
from controlplane.console.lessons.command_parts import example_path
from controlplane.console.lessons.lesson import Evidence, Lesson, LessonRun, LessonServer, evaluate
from controlplane.objectstore.events import OBJECT_READ
from identity.events import CERTIFICATE_REVOKE as REVOKED
from identity.events import METADATA_CERTIFICATE_CREATE as CERTIFICATE
from identity.events import REVOCATION_LIST_READ
from servers.events import SERVER

CALLS = LessonServer(id="0717-a", name="web-1", crn="crn:web-1", url="http://127.64.0.1:8169", region="us-south")
SERVES = LessonServer(id="0717-b", name="web-2", crn="crn:web-2", url="http://127.64.0.2:8169", region="us-south")
PLACE = LessonRun(CALLS, "account", "http://127.0.0.1:8000", "/ca.pem", "lesson-7", "learner-1", SERVES)
ALL = (mutual_tls.LESSON, secure_access.LESSON, ssrf.LESSON)


def event(action: str, on: str = CALLS.crn, *, status: int = 200, agent: str = "", **rest: Any) -> ActivityEvent:
    outcome = ActivityEvent.Outcome.SUCCESS if status < 400 else ActivityEvent.Outcome.FAILURE
    return ActivityEvent(
        action=action, target_id=on, initiator_id=on, outcome=outcome, reason_code=status, initiator_agent=agent, **rest
    )


def finished(lesson: Lesson, *happened: ActivityEvent) -> list[str]:
    """The checks that are finished when this has happened, in this order."""
    for number, each in enumerate(happened, start=1):
        each.pk = number
    return list(evaluate(lesson, Evidence(PLACE, happened)))


def certified(on: LessonServer, id: str) -> ActivityEvent:
    return event(CERTIFICATE, on.crn, data={"id": id, "serial_number": "1f"})


def revoked(id: str) -> ActivityEvent:
    return event(REVOKED, data={"id": id})


def list_read() -> ActivityEvent:
    return event(REVOCATION_LIST_READ, "intermediate_1", data={"number": 2})


def both() -> tuple[ActivityEvent, ...]:
    return certified(SERVES, "one"), certified(CALLS, "two")


def test_mutual_tls_is_finished_when_the_list_is_read_after_the_revocation() -> None:
    assert finished(mutual_tls.LESSON, *both(), revoked("two"), list_read()) == ["serves", "calls", "revoked", "list"]


def test_a_list_that_was_read_before_the_revocation_does_not_count() -> None:
    assert finished(mutual_tls.LESSON, *both(), list_read(), revoked("two"))[-1] == "revoked"


def test_revoking_a_certificate_of_another_day_does_not_count() -> None:
    assert finished(mutual_tls.LESSON, *both(), revoked("older"))[-1] == "calls"


def test_a_certificate_that_was_refused_does_not_count() -> None:
    assert finished(mutual_tls.LESSON, event(CERTIFICATE, SERVES.crn, status=400, data={})) == []


def test_without_a_second_server_there_is_nothing_to_paste() -> None:
    alone = LessonRun(CALLS, "account", "http://127.0.0.1:8000", "/ca.pem", "lesson-7", "learner-1")
    assert mutual_tls.LESSON.commands(alone) == []


def switch_on(protocol: str) -> ActivityEvent:
    return event(f"{SERVER}.update", data={"metadata_service": {"enabled": True, "protocol": protocol}})


def token(agent: str = "curl/7.88.1") -> ActivityEvent:
    return event(IDENTITY_TOKEN_CREATE, agent=agent, data={"kid": "BMS-CR_us-south_1"})


def refused(status: int, agent: str = "curl/7.88.1") -> ActivityEvent:
    return event(IDENTITY_TOKEN_CREATE, status=status, agent=agent)


def test_https_is_finished_by_a_token_after_http_was_refused() -> None:
    happened = (switch_on("http"), token(), switch_on("https"), refused(403), token())
    assert finished(secure_access.LESSON, *happened) == ["http", "plain", "https", "refused", "secure"]


def test_a_refusal_for_another_reason_is_not_that_of_plain_http() -> None:
    assert finished(secure_access.LESSON, switch_on("http"), token(), switch_on("https"), refused(400))[-1] == "https"


def test_a_token_before_the_switch_is_not_one_over_https() -> None:
    assert finished(secure_access.LESSON, switch_on("http"), token(), token())[-1] == "plain"


PAGE = "link-preview learner-1"
OBJECT = {"data": {"object": "customers.csv"}, "target_name": "lesson-7-customers"}


def robbed() -> tuple[ActivityEvent, ...]:
    return token(PAGE), event(COMPUTE_RESOURCE_LOGIN), event(OBJECT_READ, "bucket", **OBJECT)


def defended() -> tuple[ActivityEvent, ...]:
    return refused(405, PAGE), refused(400, PAGE), refused(403, PAGE), token(PAGE)


def test_the_attack_is_finished_when_every_defence_was_tried() -> None:
    limited = event(OBJECT_READ, "bucket", status=403, **OBJECT)
    checks = finished(ssrf.LESSON, *robbed(), *defended(), limited)
    assert checks == ["stolen", "exchanged", "read", "get", "header", "https", "past", "limited"]


def test_a_token_that_the_server_asked_for_itself_is_not_stolen() -> None:
    assert finished(ssrf.LESSON, token("curl/7.88.1"), *robbed()[1:]) == []


def test_a_refusal_that_the_page_did_not_get_is_no_defence() -> None:
    assert finished(ssrf.LESSON, *robbed(), refused(405))[-1] == "read"


def test_another_bucket_is_not_the_customers() -> None:
    other = {**OBJECT, "target_name": "lesson-7-pages"}
    assert finished(ssrf.LESSON, *robbed()[:2], event(OBJECT_READ, "bucket", **other))[-1] == "exchanged"


def test_a_program_is_found_from_every_directory() -> None:
    assert Path(example_path("ssrf/vulnerable.py")).is_absolute()
    assert Path(example_path("ssrf/vulnerable.py")).is_file()


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.slug)
def test_a_server_with_an_odd_name_is_just_named_so(lesson: Lesson) -> None:
    odd = LessonServer("0717-a", "a'; touch /tmp/odd; '", "crn:odd", CALLS.url, "us-south")
    text = "\n".join(
        command.text
        for command in lesson.commands(LessonRun(odd, "a", "http://h", "/ca.pem", "lesson-7", "learner-1", odd))
    )
    assert "'a'\"'\"'; touch /tmp/odd; '\"'\"''" in text
    assert "a'; touch" not in text.replace("'a'\"'\"'; touch", "")
