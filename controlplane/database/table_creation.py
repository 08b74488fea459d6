"""Create the tables of an empty database from the models, which takes a fiftieth of the time of the migrations.

The result equals that of the migrations, including all constraints; a test compares them on both databases. It is one
transaction, so a start that is killed in the middle leaves the database empty.
"""

from importlib import import_module
from typing import cast

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import StateApps
from django.db.models import BigAutoField, Model

from controlplane.database.migration_state import of_this_version

BESIDE_THE_MODELS = (
    ("activity", "0002_append_only"),
    ("servers", "0003_server_tally"),
    ("identity", "0005_keys_move_forward"),
    ("timekeeping", "0001_one_clock"),
)
"""Migrations whose functions create triggers and rows that are not in the models. The functions of other migrations
only change existing rows, which an empty database lacks."""


def create_if_empty() -> bool:
    """Create all tables if there is none, and return whether that was so. Raises DatabaseError."""
    if connection.introspection.table_names():
        return False
    try:
        with connection.schema_editor() as editor:
            if connection.introspection.table_names():
                return False  # another process created them before this transaction began
            _create_tables(editor)
            _run_functions_of_migrations(editor)
            MigrationRecorder.Migration.objects.using(connection.alias).bulk_create(
                MigrationRecorder.Migration(app=app, name=name) for app, name in of_this_version()
            )
            emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)  # content types, permissions
    finally:
        ContentType.objects.clear_cache()  # it may contain rows of a transaction that was rolled back
    return True


def _create_tables(editor: BaseDatabaseSchemaEditor) -> None:
    models: list[type[Model]] = [MigrationRecorder.Migration, *apps.get_models()]
    for model in models:
        if model._meta.can_migrate(connection):
            editor.create_model(model)
    for model in set(apps.get_models(include_auto_created=True)).difference(models):
        _number_as_migrations_do(editor, model)
    # PostgreSQL cannot add a constraint to a table that got rows in the same transaction.
    for statement in editor.deferred_sql:
        editor.execute(statement, None)
    editor.deferred_sql.clear()


def _number_as_migrations_do(editor: BaseDatabaseSchemaEditor, links: type[Model]) -> None:
    """Give the link table of a Django model the key type that migrations give it: the project's DEFAULT_AUTO_FIELD."""
    number = next(field for field in links._meta.local_fields if field.primary_key)
    key = BigAutoField(primary_key=True)
    key.set_attributes_from_name(number.name)
    key.model = links
    if number.db_type(connection) != key.db_type(connection):
        editor.alter_field(links, number, key)


def _run_functions_of_migrations(editor: BaseDatabaseSchemaEditor) -> None:
    for label, name in BESIDE_THE_MODELS:
        migration = import_module(f"{apps.get_app_config(label).name}.migrations.{name}").Migration
        for operation in migration.operations:
            if isinstance(operation, RunPython):
                operation.code(cast(StateApps, apps), editor)
