"""All words of ``baremint is``: the one table of them, and how one is run."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence

from controlplane.cli.client import Client
from controlplane.cli.output import as_fields, as_json, as_table
from controlplane.cli.vpc import (
    attachment_commands,
    collection_commands,
    initialization_commands,
    interface_commands,
    reservation_commands,
    resource_commands,
    server_commands,
)
from controlplane.cli.vpc.command import Options, Word, WordParser, output

WORDS: dict[str, Word] = {
    **server_commands.WORDS,
    **initialization_commands.WORDS,
    **interface_commands.WORDS,
    **attachment_commands.WORDS,
    **reservation_commands.WORDS,
    **collection_commands.WORDS,
    **resource_commands.WORDS,
}
ALIASES: dict[str, str] = {word.alias: name for name, word in WORDS.items() if word.alias}


def add_words(parser: ArgumentParser) -> None:
    """All words, each with its options and help."""
    words = parser.add_subparsers(dest="word", metavar="WORD", required=True, title="words", parser_class=WordParser)
    for name, word in WORDS.items():
        own = words.add_parser(
            name,
            aliases=[word.alias] if word.alias else [],
            help=word.help,
            description=f"{word.help}.",
            formatter_class=RawDescriptionHelpFormatter,
            epilog=f"Example:\n  baremint is {name} {word.example}".rstrip(),
        )
        word.arguments(own)
        own.add_argument("--output", type=output, metavar="JSON|table", default="table", help="what the API answered")
        own.add_argument("-q", "--quiet", action="store_true", help="accepted; there is no verbose output")


def run_word(client: Client, options: Options) -> str:
    """Do what was asked. Returns what to print. Raises Refused, NotFound, WrongOption, CannotCall."""
    word = WORDS[ALIASES.get(str(options["word"]), str(options["word"]))]
    answer = word.run(client, options)
    if options["output"] == "json":
        return as_json(answer) if answer is not None else ""
    if word.columns is None:
        return "OK" if answer is None else str(answer)
    return as_table(answer, word.columns) if isinstance(answer, list) else as_fields(answer, word.columns)


def changes_something(arguments: Sequence[str]) -> bool:
    """Whether the arguments of ``baremint is`` have a word that changes something."""
    names = {ALIASES.get(word, word) for word in arguments} & WORDS.keys()
    return any(WORDS[name].changes for name in names) or (
        initialization_commands.SHOW_OR_REPLACE in names and any(each.startswith("--im") for each in arguments)
    )
