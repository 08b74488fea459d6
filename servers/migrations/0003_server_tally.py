"""The database keeps count of servers, so that nobody has to count a million of them for a page of fifty."""

from django.db import migrations
from django.db.models import Count

POSTGRESQL = [
    """
    CREATE FUNCTION servers_tally_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO servers_servertally (account_id, region, vpc_id, resource_group_id, count)
        SELECT account_id, region, vpc_id, resource_group_id, count(*) FROM added
        GROUP BY account_id, region, vpc_id, resource_group_id
        ORDER BY account_id, region, vpc_id, resource_group_id
        ON CONFLICT (account_id, region, vpc_id, resource_group_id)
        DO UPDATE SET count = servers_servertally.count + EXCLUDED.count;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION servers_tally_removed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE servers_servertally AS tally SET count = tally.count - gone.count
        FROM (
            SELECT account_id, region, vpc_id, resource_group_id, count(*) AS count FROM removed
            GROUP BY account_id, region, vpc_id, resource_group_id
        ) AS gone
        WHERE (tally.account_id, tally.region, tally.vpc_id, tally.resource_group_id)
            = (gone.account_id, gone.region, gone.vpc_id, gone.resource_group_id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER servers_tally_added AFTER INSERT ON servers_baremetalserver
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION servers_tally_added()
    """,
    """
    CREATE TRIGGER servers_tally_removed AFTER DELETE ON servers_baremetalserver
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION servers_tally_removed()
    """,
]
SQLITE = [
    """
    CREATE TRIGGER servers_tally_added AFTER INSERT ON servers_baremetalserver BEGIN
        INSERT INTO servers_servertally (account_id, region, vpc_id, resource_group_id, count)
        VALUES (NEW.account_id, NEW.region, NEW.vpc_id, NEW.resource_group_id, 1)
        ON CONFLICT (account_id, region, vpc_id, resource_group_id) DO UPDATE SET count = count + 1;
    END
    """,
    """
    CREATE TRIGGER servers_tally_removed AFTER DELETE ON servers_baremetalserver BEGIN
        UPDATE servers_servertally SET count = count - 1
        WHERE account_id = OLD.account_id AND region = OLD.region
            AND vpc_id = OLD.vpc_id AND resource_group_id = OLD.resource_group_id;
    END
    """,
]
REMOVE = {
    "postgresql": [
        "DROP TRIGGER servers_tally_added ON servers_baremetalserver",
        "DROP TRIGGER servers_tally_removed ON servers_baremetalserver",
        "DROP FUNCTION servers_tally_added",
        "DROP FUNCTION servers_tally_removed",
    ],
    "sqlite": ["DROP TRIGGER servers_tally_added", "DROP TRIGGER servers_tally_removed"],
}
CREATE = {"postgresql": POSTGRESQL, "sqlite": SQLITE}


def count_what_is_there(apps, schema_editor):
    place = ("account_id", "region", "vpc_id", "resource_group_id")
    servers = apps.get_model("servers", "BareMetalServer")
    tally = apps.get_model("servers", "ServerTally")
    for row in servers.objects.order_by().values(*place).annotate(count=Count("number")):
        tally.objects.create(**row)


def keep_count(apps, schema_editor):
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def stop_counting(apps, schema_editor):
    for statement in REMOVE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("servers", "0002_networks_whole")]

    operations = [
        migrations.RunPython(count_what_is_there, migrations.RunPython.noop),
        migrations.RunPython(keep_count, stop_counting),
    ]
