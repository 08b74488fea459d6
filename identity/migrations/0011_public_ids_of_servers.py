"""Python calls the public id of a server ``instance_id``; the column keeps its name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0010_api_keys_oldest_first")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("issuedcertificate", "certificate_newest_of_server"),
                migrations.RenameField("issuedcertificate", "server_id", "instance_id"),
                migrations.AlterField(
                    "issuedcertificate",
                    "instance_id",
                    models.CharField("server id", max_length=64, db_column="server_id"),
                ),
                migrations.AddIndex(
                    "issuedcertificate",
                    models.Index(
                        fields=["instance_id", "-created_at", "-id"], name="certificate_newest_of_server"
                    ),
                ),
            ],
        )
    ]
