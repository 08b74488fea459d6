"""The event of a success, written by hand, outside any request."""

import pytest
from django.db import connection

from controlplane.activity.models import ActivityEvent
from controlplane.kernel.facts import ServerFacts
from identity.services import guarded_event
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import servers_for_facts
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


def test_nothing_is_written_of_a_server_that_has_changed_or_is_another(facts: ServerFacts) -> None:
    BareMetalServer.objects.filter(number=facts.number).update(revision=facts.revision + 1)
    with pytest.raises(guarded_event.ServerChanged):
        guarded_event.record_for(facts, "baremint.trial", status=200, data={})
    assert not ActivityEvent.objects.filter(action="baremint.trial").exists()


def test_what_raises_while_a_server_is_held_undoes_what_was_written(facts: ServerFacts) -> None:
    def fail() -> None:
        with guarded_event.held(facts.number):
            assert connection.in_atomic_block
            guarded_event.record_for(facts, "baremint.trial", status=200, data={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not ActivityEvent.objects.filter(action="baremint.trial").exists()
