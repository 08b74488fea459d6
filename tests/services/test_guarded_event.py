"""The event of a success: written by a statement of its own, and the same as any other event."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party, record
from controlplane.kernel import clock, context
from controlplane.kernel.facts import ServerFacts
from identity.services import guarded_event
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import servers_for_facts
from tests.on_both import db, shared_database  # noqa: F401  fixtures
from tests.world import World, make_server


@pytest.fixture
def facts(world: World) -> ServerFacts:
    make_server(world.account, name="web-1")
    return facts_of(servers_for_facts().get())


def test_an_event_that_no_request_caused_is_of_no_address_agent_or_request(facts: ServerFacts) -> None:
    guarded_event.record_for(facts, "baremint.trial", status=201, data={"a": [1]})
    event = ActivityEvent.objects.get(action="baremint.trial")
    assert (event.outcome, event.reason_code, event.reason_type, event.message) == ("success", 201, "", "")
    assert (event.initiator_address or "", event.initiator_agent, event.request_id) == ("", "", "")
    assert (event.initiator_id, event.initiator_name, event.initiator_type) == (
        facts.crn,
        facts.name,
        "BareMetalServer",
    )
    assert (event.target_id, event.target_name, event.account_id) == (facts.crn, facts.name, facts.account_id)
    assert event.data == {"a": [1]}


ODD = "nul \0, half a letter \ud800, as bytes are read \udcff"
API_KEY = "aB3" * 14 + "xY"


TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2lnbmVk"
TEXTS = {"plain": "web-1", "unstorable": ODD, "long": "long " * 200, "api-key": API_KEY, "token": TOKEN}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_both_ways_to_write_an_event_write_the_same_row(
    facts: ServerFacts, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the two compares the server's revision in the same statement."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    context.current.set(
        context.RequestContext(request_id=text, address=text, agent=text, method="PUT", path=text, started=0.0)
    )
    context.lineage.set({"token": text})
    odd_facts = replace(facts, crn=text, name=text, account_id=text)
    server = Party(text, text, "BareMetalServer")
    data: Any = {text: [text, {"in": text}], "number": 1.5, "nothing": None}

    record("baremint.trial", initiator=server, target=server, account_id=text, status=201, data=data)
    guarded_event.record_for(odd_facts, "baremint.trial", status=201, data=data)

    first, second = ActivityEvent.objects.filter(action="baremint.trial").order_by("id").values()
    assert first.pop("id") < second.pop("id")
    assert first == second


def test_nothing_is_written_of_a_server_that_has_changed_or_is_another(facts: ServerFacts) -> None:
    BareMetalServer.objects.filter(number=facts.number).update(revision=facts.revision + 1)
    with pytest.raises(guarded_event.ServerChanged):
        guarded_event.record_for(facts, "baremint.trial", status=200, data={})
    assert not ActivityEvent.objects.filter(action="baremint.trial").exists()


def test_what_raises_while_a_server_is_locked_undoes_what_was_written(facts: ServerFacts) -> None:
    def fail() -> None:
        with guarded_event.lock_server(facts.number):
            assert connection.in_atomic_block
            guarded_event.record_for(facts, "baremint.trial", status=200, data={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not ActivityEvent.objects.filter(action="baremint.trial").exists()


def test_a_second_attempt_is_made_when_the_server_has_changed_and_only_then(facts: ServerFacts) -> None:
    def stale() -> str:
        raise guarded_event.ServerChanged

    assert guarded_event.retry_once(facts.number, lambda: "first", again=stale) == "first"
    assert guarded_event.retry_once(facts.number, stale, again=lambda: "second") == "second"
    with pytest.raises(guarded_event.ServerChanged):
        guarded_event.retry_once(facts.number, stale, again=stale)


def test_a_second_attempt_that_fails_leaves_nothing_behind(facts: ServerFacts) -> None:
    def stale() -> None:
        raise guarded_event.ServerChanged

    def fail() -> None:
        guarded_event.record_for(facts, "baremint.trial", status=200, data={})
        raise RuntimeError

    with pytest.raises(RuntimeError) as failure:
        guarded_event.retry_once(facts.number, stale, again=fail)
    assert failure.value.__context__ is None
    assert not ActivityEvent.objects.filter(action="baremint.trial").exists()
