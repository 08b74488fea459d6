"""Python calls the public id of a server ``instance_id``; the column keeps its name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("console", "0001_progress_of_learners")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("lessonprogress", "server_id", "instance_id"),
                migrations.AlterField(
                    "lessonprogress",
                    "instance_id",
                    models.CharField(
                        "server id", max_length=64, db_column="server_id", help_text="The server it is done with."
                    ),
                ),
            ],
        )
    ]
