"""The admin is driven on both databases."""

from tests.on_both import db, shared_database

__all__ = ["db", "shared_database"]
