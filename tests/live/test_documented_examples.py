"""What README and docs tell people to type works, and prints what they show."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.live.fences import ROOT, Block, every_block, resembles
from tests.live.product import Product

pytestmark = [pytest.mark.live, pytest.mark.e2e]

LANGUAGES = {"sh", "python", "json", "text"}
BLOCKS = every_block()
# Blocks that start, stop or install something: other tests do that.
NOT_RUN = re.compile(r"^ *(make |baremint (up|down)|\S*pip install|apt |sudo |git clone)", re.MULTILINE)
RUN = [block for block in BLOCKS if block.language in ("sh", "python") and not NOT_RUN.search(block.text)]
SHOWN = [
    (before, after)
    for before, after in pairwise(BLOCKS)
    if before in RUN and after.language == "text" and after.follows == before.line
]
SECONDS = 120


@dataclass(frozen=True)
class Run:
    status: int
    printed: str


Runs = dict[Block, Run]


@pytest.fixture(scope="module")
def runs(new_product: Callable[..., Product], tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Every block typed into one shell a document, one after the other, beside a product that has just been started."""
    product = new_product()
    product.start()
    checkout = tmp_path_factory.mktemp("checkout")
    for environment in (".venv", "sdk"):  # the SDKs are among the packages for development
        (checkout / environment).symlink_to(sys.prefix)
    (checkout / ".baremint").symlink_to(product.home)
    runs_by_block: Runs = {}
    for document in dict.fromkeys(block.document for block in RUN):
        runs_by_block |= _type([block for block in RUN if block.document == document], product, checkout)
    return runs_by_block


def _type(typed: list[Block], product: Product, checkout: Path) -> Runs:
    marks = {block: f"@@ {number} @@" for number, block in enumerate(typed)}
    script = "".join(f'{_command(block, product)}\necho "{mark} $?"\n' for block, mark in marks.items())
    process = subprocess.run(
        ["bash", "-s"],
        input=script,
        env={**product.environment, "PATH": f"{Path(sys.executable).parent}:{product.environment['PATH']}"},
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    runs_by_block, rest = {}, process.stdout
    for block, mark in marks.items():
        printed, _, rest = rest.partition(mark)
        status, _, rest = rest.partition("\n")
        runs_by_block[block] = Run(int(status or -1), printed)
    return runs_by_block


def _command(block: Block, product: Product) -> str:
    """The block for this product: the document's port is the default one."""
    text = block.text.replace("http://127.0.0.1:8000", product.info["iam_url"])
    if block.language == "sh":
        return text
    (product.home.parent / f"block{block.line}.py").write_text(text)
    return f"python3 {product.home.parent / f'block{block.line}.py'}"


@pytest.mark.parametrize("block", RUN, ids=str)
def test_what_is_shown_to_be_typed_succeeds(runs: Runs, block: Block) -> None:
    assert runs[block].status == 0, runs[block].printed
    assert "Traceback" not in runs[block].printed


@pytest.mark.parametrize(("block", "shown"), SHOWN, ids=str)
def test_what_is_shown_to_be_printed_is_printed(runs: Runs, block: Block, shown: Block) -> None:
    printed = runs[block].printed
    assert resembles(printed, shown.text), printed


def test_what_is_shown_as_json_is_json() -> None:
    json_texts = [block.text for block in BLOCKS if block.language == "json"]
    assert [type(json.loads(text)) for text in json_texts] == [dict] * len(json_texts) != []


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_says_what_it_is(block: Block) -> None:
    """Else it is not known whether to run it."""
    assert block.language in LANGUAGES


def test_the_documents_show_something_to_type() -> None:
    assert RUN
    assert (ROOT / "README.md").is_file()
