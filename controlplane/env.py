"""Reading the environment: a value of the wrong kind is refused by name."""

from collections.abc import Callable
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

DAY = 86_400


class Env(environ.Env):
    def get_value(
        self, var: str, cast: Callable[..., Any] | None = None, default: Any = environ.Env.NOTSET, **rest: Any
    ) -> Any:
        try:
            return super().get_value(var, cast=cast, default=default, **rest)
        except ValueError:
            kind = getattr(cast, "__name__", str(cast))
            raise ImproperlyConfigured(f"{var} is {self.ENVIRON[var]!r}, which is no value of type {kind}.") from None

    def choice(self, var: str, *, options: tuple[str, ...]) -> str:
        """One of ``options``; the first is the default."""
        value = self.str(var, default=options[0])
        if value not in options:
            raise ImproperlyConfigured(f"{var} is {value!r}; it must be {' or '.join(options)}.")
        return value

    def between(self, var: str, smallest: int, largest: int, *, default: int) -> int:
        value = self.int(var, default=default)
        if not smallest <= value <= largest:
            raise ImproperlyConfigured(f"{var} is {value}; it must be from {smallest} to {largest}.")
        return value

    def seconds(self, var: str, smallest: float, *, default: float) -> float:
        """A duration of a day at the most."""
        value = self.float(var, default=default)
        if not smallest <= value <= DAY:
            raise ImproperlyConfigured(f"{var} is {value:g}; it must be from {smallest:g} to {DAY} seconds.")
        return value

    def counts(self, var: str) -> dict[str, int]:
        """``name=1,other=2`` as a dictionary of counts; empty by default."""
        try:
            return {name.strip(): int(count) for name, count in self.dict(var, default={}).items()}
        except ValueError:
            raise ImproperlyConfigured(f"{var} is {self.ENVIRON[var]!r}; write name=count,name=count.") from None


ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound


def origin(host: str, port: int) -> str:
    """Where a service that listens there is reached from the same machine: ``http://127.0.0.1:8000``."""
    host = ANY_ADDRESS.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
