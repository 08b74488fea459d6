"""Which search queries are understood."""

import pytest

from tests.tables import check_each
from trustedprofiles.search_query import SearchQuery, parse_query

CRN = "crn:v1:bluemix:public:is:us-south:a/1::vpc:r006-1"


QUERIES = [
    (f'crn:"{CRN}"', SearchQuery(crn=[CRN])),
    (f"crn:{CRN}", SearchQuery(crn=[CRN])),
    (f" crn:{CRN}  ", SearchQuery(crn=[CRN])),
    ("crn:" + CRN.replace(":", "\\:").replace("/", "\\/"), SearchQuery(crn=[CRN])),
    (f'crn:"{CRN}" OR crn:"{CRN}2"', SearchQuery(crn=[CRN, f"{CRN}2"])),
    (f'crn:"{CRN}"  OR  tags:"env:test"', SearchQuery(crn=[CRN], tags=["env:test"])),
    ('tags:"My Tag"', SearchQuery(tags=["my tag"])),
    ("tags:label", SearchQuery(tags=["label"])),
    ('access_tags:"env:test"', SearchQuery(access_tags=["env:test"])),
    ('tags:"a \\"quoted\\" word"', SearchQuery(tags=['a "quoted" word'])),
    ('tags:""', SearchQuery(tags=[""])),
    ("Web", SearchQuery(crn=["Web"], tags=["web"], access_tags=["web"])),
    ('"env:test"', SearchQuery(crn=["env:test"], tags=["env:test"], access_tags=["env:test"])),
    ("env\\:test", SearchQuery(crn=["env:test"], tags=["env:test"], access_tags=["env:test"])),
    ("tags:A* OR tags:b", SearchQuery(tags=["b"], patterns=[("tags", "a*")])),
    ("crn:crn:v1:*:vpc?", SearchQuery(patterns=[("crn", "crn:v1:*:vpc?")])),
    ("GST-sdk-*", SearchQuery(patterns=[("crn", "GST-sdk-*"), ("tags", "gst-sdk-*"), ("access_tags", "gst-sdk-*")])),
    ("*", SearchQuery(patterns=[("crn", "*"), ("tags", "*"), ("access_tags", "*")])),
    ('tags:"a*" OR tags:b\\*', SearchQuery(tags=["a*", "b*"])),
]


def test_terms_joined_by_or_are_understood() -> None:
    def check(case: tuple[str, SearchQuery]) -> None:
        query, expectation = case
        assert parse_query(query) == expectation

    check_each(QUERIES, check)


NO_QUERIES = [
    "",
    "name:web-1",
    "crn:",
    "-tags:a",
    "-web",
    "+web",
    "!web",
    "web~2",
    "web^2",
    "[a TO b]",
    "/web/",
    "NOT",
    "tags:a OR AND",
    "tags:a\\*b*",
    " OR ".join(["tags:a*"] * 21),
    "(tags:a)",
    "NOT tags:a",
    "tags:a AND tags:b",
    "tags:a tags:b",
    "tags:a or tags:b",
    "tags:a OR",
    "OR tags:a",
    "tags:a OR tags:b OR ",
    "service_tags:a",
    'tags:"open',
    'tags:"a"b',
    "tags:a\\",
]


def test_anything_else_is_refused_with_what_is_understood() -> None:
    def check(query: str) -> None:
        with pytest.raises(ValueError, match=r'Understood are crn:"<crn>"'):
            parse_query(query)

    check_each(NO_QUERIES, check)
