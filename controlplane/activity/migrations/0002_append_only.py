"""Refuse UPDATE and DELETE on activity events, whoever asks."""

from django.db import migrations

TABLE = "activity_activityevent"

SQLITE = [
    f"""CREATE TRIGGER activity_no_{verb.lower()} BEFORE {verb} ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'activity events are append-only'); END"""
    for verb in ("UPDATE", "DELETE")
]
SQLITE_REVERSE = [f"DROP TRIGGER activity_no_{verb}" for verb in ("update", "delete")]

POSTGRESQL = [
    """CREATE FUNCTION activity_append_only() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'activity events are append-only'; END $$""",
    f"""CREATE TRIGGER activity_append_only BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION activity_append_only()""",
]
POSTGRESQL_REVERSE = [
    f"DROP TRIGGER activity_append_only ON {TABLE}",
    "DROP FUNCTION activity_append_only()",
]


def _run(statements):
    def apply(apps, schema_editor):
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement)

    return apply


class Migration(migrations.Migration):
    dependencies = [("activity", "0001_activity_events")]

    operations = [
        migrations.RunPython(
            _run({"sqlite": SQLITE, "postgresql": POSTGRESQL}),
            _run({"sqlite": SQLITE_REVERSE, "postgresql": POSTGRESQL_REVERSE}),
        )
    ]
