"""The table of servers: what it shows, finds, sorts and does."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent
from controlplane.console.presenters.servers import ROWS
from controlplane.kernel import clock
from identity.services.identity_tokens import create_identity_token
from servers.facts import facts_of
from servers.form_snapshot import switches_shown
from servers.models import BareMetalServer, Initialization
from servers.selectors import server_by_number
from tests.forms import as_shown
from tests.tables import assert_rows
from tests.world import World, make_profile, make_server


def names(page: str) -> list[str]:
    return [part.partition("</a>")[0].rpartition(">")[2] for part in page.split('<th scope="row"')[1:]]


def shown(browser: Client, path: str = "/servers") -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def use(server: BareMetalServer) -> None:
    """A program on the server gets an identity token."""
    row = server_by_number(server.number)
    assert row
    create_identity_token(facts_of(row), lifetime=timedelta(hours=1), nonce=None, now=clock.now())


def choosing(action: str, *servers: BareMetalServer) -> dict[str, Any]:
    """What the form sends."""
    fields = as_shown(*map(switches_shown, servers))
    return {"action": action, "server": [server.id for server in servers], **fields}


def multiply(server: BareMetalServer, count: int) -> None:
    """As many more rows like it, beyond any quota."""
    columns = BareMetalServer.objects.filter(pk=server.pk).values().get()
    del columns["number"]
    rows = [BareMetalServer(**{**columns, "id": f"0717-{n}", "name": f"many-{n}"}) for n in range(count)]
    BareMetalServer.objects.bulk_create(rows)
    new_servers = BareMetalServer.objects.filter(name__startswith="many-")
    Initialization.objects.bulk_create(
        Initialization(server=each, image=server.initialization.image) for each in new_servers
    )


@pytest.fixture
def servers(world: World) -> list[BareMetalServer]:
    profile = make_profile(world.account, name="reader")
    return [
        make_server(world.account, name="web-1", metadata_enabled=True, profile=profile),
        make_server(world.account, name="db-1"),
    ]


def test_a_row_says_what_matters(alice: Client, servers: list[BareMetalServer]) -> None:
    page = shown(alice)
    for part in ("web-1", "running", servers[0].zone, "bx2-metal-96x384", "10.240.0.4", "reader", "never"):
        assert part in page


@pytest.mark.usefixtures("keys")
def test_the_table_says_when_a_server_last_got_a_token(alice: Client, servers: list[BareMetalServer]) -> None:
    use(servers[0])
    assert shown(alice).count("data-age") == 1


LISTS = {
    "q=WEB": ["web-1"],
    "q=10.240.0.5": ["db-1"],
    "metadata=on": ["web-1"],
    "metadata=off": ["db-1"],
    "status=failed": [],
    "protocol=http&q=db": ["db-1"],
    "zone=us-south-9": [],
    "q=%00": [],
    "q=10.240": [],
    "sort=name": ["db-1", "web-1"],
    "sort=-name": ["web-1", "db-1"],
    "sort=metadata": ["db-1", "web-1"],
    "sort=nonsense": ["db-1", "web-1"],
}


def test_the_table_searches_and_sorts(alice: Client, servers: list[BareMetalServer]) -> None:
    assert_rows({query: names(shown(alice, f"/servers?{query}")) for query in LISTS}, LISTS)


def test_the_sorted_column_says_so(alice: Client, servers: list[BareMetalServer]) -> None:
    assert 'aria-sort="descending"><a href="/servers?sort=name"' in shown(alice, "/servers?sort=-name")


def test_a_long_list_has_pages(alice: Client, servers: list[BareMetalServer]) -> None:
    multiply(servers[0], ROWS)
    assert f"1-{ROWS} of {ROWS + 2}" in shown(alice)
    assert names(shown(alice, "/servers?page=2&sort=-name")) == ["many-0", "db-1"]


def test_another_accounts_servers_are_not_shown(alice: Client, world: World) -> None:
    make_server(world.other_account, name="theirs")
    assert names(shown(alice)) == []


def test_a_thousand_servers_take_the_queries_of_two(alice: Client, servers: list[BareMetalServer]) -> None:
    shown(alice)
    with CaptureQueriesContext(connection) as few:
        shown(alice)
    multiply(servers[1], 1000)
    with CaptureQueriesContext(connection) as many:
        assert f"1-{ROWS} of 1002" in shown(alice)
    assert len(many) <= len(few)


def test_an_unchanged_table_is_not_sent_again(alice: Client, servers: list[BareMetalServer]) -> None:
    tag = alice.get("/servers/table")["ETag"]
    again = alice.get("/servers/table", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_changed_table_is_sent(alice: Client, servers: list[BareMetalServer]) -> None:
    tag = alice.get("/servers/table")["ETag"]
    servers[1].__class__.objects.filter(pk=servers[1].pk).update(metadata_enabled=True)
    assert alice.get("/servers/table", headers={"If-None-Match": tag}).status_code == 200


def test_who_only_looks_finds_every_switch_locked(victor: Client, servers: list[BareMetalServer]) -> None:
    page = shown(victor)
    assert page.count('role="switch"') == page.count(" disabled>") == 5
    assert "Actions for the selected servers" not in page


# --- Several at once ------------------------------------------------------------------------------------------


def test_several_servers_are_switched_at_once(alice: Client, servers: list[BareMetalServer]) -> None:
    answer = alice.post("/servers/actions", choosing("https", *servers), follow=True)
    assert "Secure access on: db-1." in answer.content.decode()
    assert set(BareMetalServer.objects.values_list("metadata_protocol", flat=True)) == {"https"}


def test_a_refused_server_does_not_keep_others_from_being_switched(
    alice: Client, servers: list[BareMetalServer]
) -> None:
    BareMetalServer.objects.filter(pk=servers[1].pk).update(status="stopped")
    answer = alice.post("/servers/actions", choosing("start", *servers), follow=True)
    page = answer.content.decode()
    assert "Starting: db-1." in page
    assert "web-1: A server that is running cannot be started" in page


def test_deleting_several_asks_first(alice: Client, servers: list[BareMetalServer]) -> None:
    BareMetalServer.objects.update(status="stopped")
    data = choosing("delete", *servers)
    assert "Delete 2 servers?" in alice.post("/servers/actions", data).content.decode()
    assert not BareMetalServer.objects.filter(transition="delete").exists()
    alice.post("/servers/actions", {**data, "confirmed": "yes"})
    assert not BareMetalServer.objects.exclude(status="deleting").exists()


@pytest.mark.usefixtures("keys")
def test_switching_off_several_asks_first_and_says_what_dies(alice: Client, servers: list[BareMetalServer]) -> None:
    use(servers[0])
    data = choosing("disable", *servers)
    page = alice.post("/servers/actions", data).content.decode()
    assert "This ends 1 identity token of programs on them." in page
    assert BareMetalServer.objects.get(name="web-1").metadata_enabled


@pytest.mark.parametrize("body", [{"action": "explode"}, {"action": "start", "server": "x"}, {}])
def test_nothing_chosen_does_nothing(alice: Client, servers: list[BareMetalServer], body: dict[str, str]) -> None:
    assert "Nothing was done" in alice.post("/servers/actions", body, follow=True).content.decode()


def test_who_only_looks_is_refused_and_it_is_recorded(victor: Client, servers: list[BareMetalServer]) -> None:
    answer = victor.post("/servers/actions", choosing("enable", servers[1]), follow=True)
    assert (
        "db-1: IBMid-VICTOR is not authorized to perform is.bare-metal-server.bare-metal-server.update"
        in answer.content.decode()
    )
    event = ActivityEvent.objects.filter(outcome="failure").get()
    assert (event.action, event.initiator_name) == ("is.bare-metal-server.bare-metal-server.update", "victor")
