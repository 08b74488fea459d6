"""Refuse every way back in the life cycle of a key, whoever asks."""

from django.db import migrations

TABLE = "identity_keypair"
RANKS = "CASE {}.state WHEN 'prepared' THEN 1 WHEN 'active' THEN 2 WHEN 'retiring' THEN 3 ELSE 4 END"
BACKWARDS = f"{RANKS.format('NEW')} < {RANKS.format('OLD')}"

SQLITE = [
    f"""CREATE TRIGGER key_moves_forward BEFORE UPDATE OF state ON {TABLE} WHEN {BACKWARDS}
        BEGIN SELECT RAISE(ABORT, 'a key moves forward only'); END"""
]
SQLITE_REVERSE = ["DROP TRIGGER key_moves_forward"]

POSTGRESQL = [
    """CREATE FUNCTION key_moves_forward() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'a key moves forward only'
          USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    f"""CREATE TRIGGER key_moves_forward BEFORE UPDATE OF state ON {TABLE}
        FOR EACH ROW WHEN ({BACKWARDS}) EXECUTE FUNCTION key_moves_forward()""",
]
POSTGRESQL_REVERSE = [
    f"DROP TRIGGER key_moves_forward ON {TABLE}",
    "DROP FUNCTION key_moves_forward()",
]


def _run(statements):
    def apply(apps, schema_editor):
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement)

    return apply


class Migration(migrations.Migration):
    dependencies = [("identity", "0004_describe_stored_keys")]

    operations = [
        migrations.RunPython(
            _run({"sqlite": SQLITE, "postgresql": POSTGRESQL}),
            _run({"sqlite": SQLITE_REVERSE, "postgresql": POSTGRESQL_REVERSE}),
        )
    ]
