"""The clock's row, and the promise that there is one alone. It begins unmoved."""

import datetime

from django.db import migrations, models


def make_the_row(apps, schema_editor):
    apps.get_model("timekeeping", "ClockSetting").objects.get_or_create(id=1)


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ClockSetting",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "offset",
                    models.DurationField(
                        default=datetime.timedelta(0), help_text="How far the domain's time is ahead."
                    ),
                ),
                (
                    "frozen_at",
                    models.DateTimeField(
                        blank=True, help_text="Where it stands still; empty when it runs.", null=True
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
            ],
            options={
                "verbose_name": "clock",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_clock")],
            },
        ),
        migrations.RunPython(make_the_row, migrations.RunPython.noop),
    ]
