"""Response bodies about tags, under the names of IBM's own models."""

from typing import NotRequired, TypedDict


class TagName(TypedDict):
    name: str


class TagList(TypedDict):
    total_count: int
    offset: int
    limit: int
    items: list[TagName]


class TagResult(TypedDict):
    """The result for one of several resources; ``message`` is the reason of a failure."""

    is_error: bool
    message: NotRequired[str]


class CreateTagResultsResultsItem(TagResult):
    tag_name: str


class CreateTagResults(TypedDict):
    results: list[CreateTagResultsResultsItem]


class DeleteTagResultsItem(TagResult):
    provider: str


class DeleteTagResults(TypedDict):
    results: list[DeleteTagResultsItem]


class DeleteTagsResultItem(TypedDict):
    tag_name: str
    is_error: bool


class DeleteTagsResult(TypedDict):
    total_count: int
    errors: bool
    items: list[DeleteTagsResultItem]


class TagResultsItem(TagResult):
    resource_id: str


class TagResults(TypedDict):
    results: list[TagResultsItem]


class ResultItem(TypedDict):
    """A resource that was found. Terraform panics without the arrays, so they are present regardless of ``fields``."""

    crn: str
    account_id: str
    type: str
    tags: list[str]
    access_tags: list[str]
    service_tags: list[str]


class ScanResult(TypedDict):
    items: list[ResultItem]
    limit: int
    search_cursor: NotRequired[str]
