from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activity", "0004_tallies")]

    operations = [
        migrations.AddField(
            model_name="heartbeat",
            name="dropped_messages",
            field=models.PositiveBigIntegerField(default=0, help_text="Messages that it could not read."),
        ),
        migrations.AddField(
            model_name="heartbeat",
            name="dropped_at",
            field=models.DateTimeField(blank=True, help_text="When the last of them was told.", null=True),
        ),
    ]
