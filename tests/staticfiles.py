"""Static files as the product serves them, found once: each test client makes all middleware again."""

from functools import cache

from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class FoundOnceMiddleware(WhiteNoiseMiddleware):
    def add_files_from_finders(self) -> None:
        self.files = _found(self.static_prefix)


@cache
def _found(static_prefix: str) -> dict[str, StaticFile]:
    """By URL path, what the product's own middleware finds."""
    middleware = WhiteNoiseMiddleware()
    assert middleware.static_prefix == static_prefix
    return dict(middleware.files)
