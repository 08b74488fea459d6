"""The pages of lessons and the teacher's panel: who sees what, and what a button does."""

from collections.abc import Callable

import pytest
from django.test import Client

from controlplane.activity.events import IDENTITY_TOKEN_CREATE
from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party, record
from controlplane.console.events import CLASS_RESET
from controlplane.console.lessons.catalog import LESSONS
from controlplane.console.lessons.learner_events import mark_of
from controlplane.console.models import FinishedCheck, LessonProgress
from controlplane.kernel import context
from controlplane.kernel.errors import Unauthorized
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from tests.console.test_frame import INLINE
from tests.world import World, make_account, make_server
from trustedprofiles.models import Policy, User

FIRST = LESSONS[0]
CLASS = "/learn/class"
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="db-1")


def shown(browser: Client, where: str) -> str:
    answer = browser.get(where)
    assert answer.status_code == 200
    return answer.content.decode()


def start(browser: Client, server: BareMetalServer) -> int:
    return browser.post(f"{FIRST.path}/begin", {"server": server.id}).status_code


def refuse(server: BareMetalServer, learner: str) -> int:
    party = Party(server.crn, server.name, "BareMetalServer")
    error = Unauthorized("The metadata service of this server is off.")
    mark = mark_of(User.objects.get(username=learner))
    with context.entered(context.RequestContext("a-request", agent=mark)):
        return record(
            IDENTITY_TOKEN_CREATE, initiator=party, target=party, account_id=server.account_id, error=error
        ).pk


@pytest.mark.parametrize("slash", ["/learn", "/learn/"])
def test_the_list_names_every_lesson(alice: Client, slash: str) -> None:
    page = alice.get(slash, follow=True).content.decode()
    assert all(lesson.title in page for lesson in LESSONS)
    assert 'href="/learn/" aria-current="page"' in page


def test_a_lesson_that_is_not_begun_shows_no_commands(alice: Client, server: BareMetalServer) -> None:
    page = shown(alice, FIRST.path)
    assert "Begin" in page
    assert "data-command" not in page
    assert "data-live" not in page


def test_a_lesson_that_is_begun_names_the_server_s_own_address(alice: Client, server: BareMetalServer) -> None:
    start(alice, server)
    page = shown(alice, FIRST.path)
    assert f"http://{loopback_address(server.number)}:8169/identity/v1/token?version=2025-08-26" in page
    assert "is bare-metal-server-update db-1 --metadata-service false" in page


def test_commands_follow_the_switch_to_https(alice: Client, server: BareMetalServer) -> None:
    start(alice, server)
    BareMetalServer.objects.update(metadata_protocol="https")
    page = shown(alice, f"{FIRST.path}/state")
    assert f"https://{loopback_address(server.number)}:8170/identity" in page
    assert "--cacert " in page


def test_a_finished_check_says_what_was_seen_and_leads_to_its_event(alice: Client, server: BareMetalServer) -> None:
    start(alice, server)
    event = refuse(server, "alice")
    page = shown(alice, f"{FIRST.path}/state")
    assert "The metadata service of this server is off." in page
    assert f'href="/activity/{event}"' in page
    assert "1 of 5 checks are done." in page
    assert page.count("- done. ") == sum(each.check == "refused" and each.becomes == "done" for each in FIRST.messages)


def test_an_unchanged_lesson_costs_a_304(alice: Client, server: BareMetalServer) -> None:
    start(alice, server)
    tag = alice.get(f"{FIRST.path}/state")["ETag"]
    assert alice.get(f"{FIRST.path}/state", headers={"If-None-Match": tag}).status_code == 304


def test_a_lesson_goes_on_after_the_server_was_deleted_with_another(alice: Client, server: BareMetalServer) -> None:
    start(alice, server)
    LessonProgress.objects.update(instance_id="0717-gone")
    page = shown(alice, FIRST.path)
    assert "The server that you began with was deleted" in page
    assert start(alice, server) == 303


def test_a_lesson_that_is_reset_while_it_is_looked_at_says_so(alice: Client, server: BareMetalServer) -> None:
    start(alice, server)
    assert "The class was reset" not in shown(alice, f"{FIRST.path}/state")
    LessonProgress.objects.all().delete()
    assert "The class was reset" in shown(alice, f"{FIRST.path}/state")


def test_a_lesson_that_is_not_there_is_not_found(alice: Client) -> None:
    assert alice.get("/learn/alchemy").status_code == 404


@pytest.mark.parametrize("where", ["/learn/", FIRST.path, CLASS])
def test_nothing_is_inline(alice: Client, server: BareMetalServer, where: str) -> None:
    start(alice, server)
    assert not INLINE.search(shown(alice, where))


# --- Whose server, and what is lacking ------------------------------------------------------------------------


def test_the_proposed_server_is_one_that_no_other_learner_uses(alice: Client, victor: Client, world: World) -> None:
    busy_server, free = (make_server(world.account, name=name) for name in ("db-1", "db-2"))
    start(victor, busy_server)
    page = shown(alice, FIRST.path)
    assert page.index(f'<option value="{free.id}"') < page.index(f'<option value="{busy_server.id}"')


def test_a_learner_keeps_their_server_from_lesson_to_lesson(alice: Client, world: World) -> None:
    _, mine = (make_server(world.account, name=name) for name in ("db-1", "db-2"))
    start(alice, mine)
    page = shown(alice, LESSONS[1].path)
    first = page.index("<option value=", page.index('<select id="server"'))
    assert page[first:].startswith(f'<option value="{mine.id}"')


def test_a_viewer_is_told_which_command_takes_more(victor: Client, server: BareMetalServer) -> None:
    start(victor, server)
    assert "is.bare-metal-server.bare-metal-server.update</code>, which you may not do here" in shown(
        victor, FIRST.path
    )


def test_an_operator_is_not_told_which_command_takes_more(olga: Client, server: BareMetalServer) -> None:
    start(olga, server)
    assert "which you may not do here" not in shown(olga, FIRST.path)


def test_a_learner_who_may_see_no_server_can_read_but_not_begin(nora: Client, server: BareMetalServer) -> None:
    page = shown(nora, FIRST.path)
    assert "There is no server that you may see." in page
    assert "db-1" not in page
    assert start(nora, server) == 404
    assert not LessonProgress.objects.exists()


def test_who_may_not_see_the_server_any_more_has_no_commands(victor: Client, server: BareMetalServer) -> None:
    start(victor, server)
    assert "db-1" in shown(victor, FIRST.path)
    Policy.objects.update(state="deleted")
    page = shown(victor, FIRST.path)
    assert "or you may not see it any more" in page
    assert "db-1" not in page


def test_a_lesson_does_not_begin_with_a_server_of_another_account(alice: Client, world: World) -> None:
    assert start(alice, make_server(world.other_account, name="theirs")) == 404


def test_each_learner_has_their_own_progress(alice: Client, victor: Client, server: BareMetalServer) -> None:
    start(alice, server)
    refuse(server, "alice")
    shown(alice, f"{FIRST.path}/state")
    assert "1 of 5 checks" in shown(alice, "/learn/")
    assert "1 of 5 checks" not in shown(victor, "/learn/")


def test_the_overview_invites_a_learner_who_has_not_begun(alice: Client, server: BareMetalServer) -> None:
    assert "New to workload identity?" in shown(alice, "/")
    start(alice, server)
    assert "New to workload identity?" not in shown(alice, "/")


# --- The class --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaf", ["", "/state"])
def test_the_class_is_for_owners_alone(alice: Client, olga: Client, victor: Client, nora: Client, leaf: str) -> None:
    answers = [browser.get(f"{CLASS}{leaf}").status_code for browser in (alice, olga, victor, nora)]
    assert answers == [200, 403, 403, 403]


def test_the_class_shows_the_progress_of_every_learner_also_unwatched(
    alice: Client, victor: Client, server: BareMetalServer
) -> None:
    start(victor, server)
    refuse(server, "victor")
    page = shown(alice, f"{CLASS}/state")
    row = page[page.index(">victor</th>") :]
    assert "1 of 5 checks" in row[: row.index("</tr>")]


def test_the_class_is_of_this_account(alice: Client, world: World) -> None:
    elsewhere = make_account("c" * 32, "IBMid-OUTSIDER")
    User.objects.create_user("outsider", iam_id="IBMid-OUTSIDER", account=elsewhere)
    assert "outsider" not in shown(alice, CLASS)


def test_resetting_asks_first(alice: Client, server: BareMetalServer) -> None:
    start(alice, server)
    answer = alice.post(f"{CLASS}/reset", headers=SCRIPT)
    assert answer["HX-Retarget"] == "#dialog"
    assert "The progress of all learners in all lessons is deleted" in answer.content.decode()
    assert LessonProgress.objects.exists()


def test_a_reset_class_begins_again_and_leaves_an_event(alice: Client, victor: Client, server: BareMetalServer) -> None:
    start(victor, server)
    refuse(server, "victor")
    shown(victor, FIRST.path)
    answer = alice.post(f"{CLASS}/reset", {"confirmed": "yes"})
    event = ActivityEvent.objects.get(action=CLASS_RESET)
    assert answer["Location"] == CLASS
    assert not LessonProgress.objects.exists()
    assert not FinishedCheck.objects.exists()
    assert (event.initiator_name, event.outcome, event.data["learners"]) == ("alice", "success", 1)


def test_a_reset_leaves_other_accounts_alone(alice: Client, sign_in: Callable[..., Client], world: World) -> None:
    other = User.objects.create_user("mallory", iam_id=world.other_account.owner_iam_id, account=world.other_account)
    LessonProgress.objects.create(
        learner=other, lesson=FIRST.slug, instance_id="x", after_event=0, begun_at="2026-01-01T00:00:00Z"
    )
    alice.post(f"{CLASS}/reset", {"confirmed": "yes"})
    assert LessonProgress.objects.filter(learner=other).exists()


def test_a_person_who_may_not_reset_a_class_is_refused_and_recorded(olga: Client, server: BareMetalServer) -> None:
    start(olga, server)
    assert olga.post(f"{CLASS}/reset", {"confirmed": "yes"}).status_code == 403
    event = ActivityEvent.objects.get(action=CLASS_RESET)
    assert (event.initiator_name, event.outcome) == ("olga", "failure")
    assert LessonProgress.objects.exists()
