"""Which search queries are understood."""

import pytest

from trustedprofiles.searching import Wanted, parse_query

CRN = "crn:v1:bluemix:public:is:us-south:a/1::vpc:r006-1"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (f'crn:"{CRN}"', Wanted(crn=[CRN])),
        (f"crn:{CRN}", Wanted(crn=[CRN])),
        (f" crn:{CRN}  ", Wanted(crn=[CRN])),
        ("crn:" + CRN.replace(":", "\\:").replace("/", "\\/"), Wanted(crn=[CRN])),
        (f'crn:"{CRN}" OR crn:"{CRN}2"', Wanted(crn=[CRN, f"{CRN}2"])),
        (f'crn:"{CRN}"  OR  tags:"env:test"', Wanted(crn=[CRN], tags=["env:test"])),
        ('tags:"My Tag"', Wanted(tags=["my tag"])),
        ("tags:label", Wanted(tags=["label"])),
        ('access_tags:"env:test"', Wanted(access_tags=["env:test"])),
        ('tags:"a \\"quoted\\" word"', Wanted(tags=['a "quoted" word'])),
        ('tags:""', Wanted(tags=[""])),
    ],
)
def test_terms_joined_by_or_are_understood(query: str, wanted: Wanted) -> None:
    assert parse_query(query) == wanted


@pytest.mark.parametrize(
    "query",
    [
        "",
        "*",
        "name:web-1",
        "crn:",
        "tags:a*",
        "tags:a?",
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
    ],
)
def test_anything_else_is_refused_with_what_is_understood(query: str) -> None:
    with pytest.raises(ValueError, match=r'Understood are crn:"<crn>"'):
        parse_query(query)
