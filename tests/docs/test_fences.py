"""How the fenced blocks of our documents are read."""

from pathlib import Path

import pytest

from tests.live import fences
from tests.live.fences import Block, blocks, resembles

MARKDOWN = """# Title

```sh
echo 1
```

```text
1
```

Prose.

```text
not what echo prints
```
"""


def test_a_block_knows_what_it_is_and_whose_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fences, "ROOT", tmp_path)
    (tmp_path / "x.md").write_text(MARKDOWN)
    assert list(blocks(tmp_path / "x.md")) == [
        Block("x.md", 3, "sh", "echo 1"),
        Block("x.md", 7, "text", "1", follows=3),
        Block("x.md", 13, "text", "not what echo prints"),
    ]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("web-1 running", "web-1  running\n"),
        ("id 0717-652022cb-abcd", "id 0727-999922cb-ffff"),
        ("at http://127.0.0.1:4321/v1", "at http://127.0.0.1:8000/v1"),
        ("one two three four", "one ... four"),
    ],
    ids=["space", "id", "address", "omission"],
)
def test_what_varies_may_differ(printed: str, shown: str) -> None:
    assert resembles(printed, shown)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [("web-1 stopped", "web-1 running"), ("web-1\nweb-2", "web-1"), ("", "web-1"), ("status 404", "status")],
    ids=["word", "more", "nothing", "number"],
)
def test_what_does_not_vary_may_not_differ(printed: str, shown: str) -> None:
    assert not resembles(printed, shown)
