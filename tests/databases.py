"""Another database in the place of Django's, for tests whose database outlives them or is shared with processes."""

from collections.abc import Iterator
from contextlib import contextmanager

import environ
from django.conf import settings
from django.db import connection, connections
from django.db.utils import DEFAULT_DB_ALIAS, ConnectionHandler


@contextmanager
def default_database(url: str) -> Iterator[None]:
    """The database of this URL is Django's, in all threads; afterwards the one before is again."""
    config = {**environ.Env.db_url_config(url), "CONN_MAX_AGE": None}
    if config["ENGINE"].endswith(".postgresql"):
        config |= {"ENGINE": "controlplane.database.postgresql", "CONN_HEALTH_CHECKS": True}
    if config["ENGINE"] == settings.DATABASES[DEFAULT_DB_ALIAS]["ENGINE"]:
        config["OPTIONS"] = settings.DATABASES[DEFAULT_DB_ALIAS]["OPTIONS"]  # SQLite as the product uses it
    kept_connection, kept_settings = connections[DEFAULT_DB_ALIAS], connections.settings[DEFAULT_DB_ALIAS]
    connections.settings[DEFAULT_DB_ALIAS] = ConnectionHandler({DEFAULT_DB_ALIAS: config}).settings[DEFAULT_DB_ALIAS]
    del connections[DEFAULT_DB_ALIAS]
    try:
        yield
    finally:
        connection.close()
        connections.settings[DEFAULT_DB_ALIAS] = kept_settings
        connections[DEFAULT_DB_ALIAS] = kept_connection
