"""``baremint is``, ``clock``, ``explain``, ``jobs``, ``token``: clients of the REST API of any Baremint."""

import sys
from argparse import ArgumentParser

from controlplane.cli import clock, explain, jobs
from controlplane.cli.arguments import arguments, json_option, no_arguments
from controlplane.cli.output import as_json
from controlplane.cli.vpc.commands import add_commands, run_command
from controlplane.deployment.command_line import command_hint
from controlplane.operations.commands.command import Command, CommandFailed, Context, Options
from controlplane.operations.commands.rest_connection import ENVIRONMENT, connected


def _is_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--region", default="", help="another region than the deployment's own, such as eu-de")
    add_commands(parser)


def _is(options: Options, context: Context) -> None:
    with connected(context.location, options["region"]) as client:
        context.write(run_command(client, options))


def _clock_arguments(parser: ArgumentParser) -> None:
    json_option()(parser)
    clock.add_commands(parser)


def _clock(options: Options, context: Context) -> None:
    with connected(context.location) as client:
        reading = clock.turn(client, clock.movement(options))
        context.write(as_json(reading) if options["json"] else clock.as_text(reading))


def _explain(options: Options, context: Context) -> None:
    if options["token"] == "-":  # noqa: S105
        options = {**options, "token": sys.stdin.read().strip()}
    try:
        question = explain.question(options)
    except ValueError as problem:
        raise CommandFailed(str(problem)) from None
    if not question:
        raise CommandFailed(f"What? For example: {command_hint('explain --server web-1 --profile demo-viewer')}")
    with connected(context.location) as client:
        answer = client.call("POST", explain.PATH, question)
        text = explain.as_text(answer, url=client.url, token_command=command_hint("token"))
        context.write(as_json(answer) if options["json"] else text)


def _jobs(options: Options, context: Context) -> None:
    with connected(context.location) as client:
        answer = client.call("GET", jobs.PATH)
        context.write(as_json(answer) if options["json"] else jobs.as_text(answer))


def _token(options: Options, context: Context) -> None:
    with connected(context.location) as client:
        context.write(client.token)


COMMANDS = {
    "is": Command(
        "The VPC API with the commands of IBM's command line, such as baremint is bare-metal-servers. "
        f"{ENVIRONMENT} Resources can be given by name, id or CRN.",
        _is_arguments,
        _is,
    ),
    "clock": Command(
        "Show or move the domain's clock, by which tokens, keys, certificates and servers age in all processes. "
        f"{ENVIRONMENT}",
        _clock_arguments,
        _clock,
    ),
    "explain": Command(
        "Explain why something is allowed or not: what decided, what was considered, what would change it. "
        "It explains an action, a trusted profile and a server, a trusted profile and the identity that would assume "
        f"it, or a server and its metadata service. {ENVIRONMENT}",
        arguments(explain.question_arguments, json_option()),
        _explain,
    ),
    "jobs": Command(
        f"List the background jobs: their last runs, and when they are due next. {ENVIRONMENT}",
        json_option(),
        _jobs,
    ),
    "token": Command(
        f"Print an IAM access token of the API key, for an Authorization header. {ENVIRONMENT}", no_arguments, _token
    ),
}
