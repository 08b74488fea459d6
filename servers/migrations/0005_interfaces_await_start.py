from django.db import migrations, models

HELP = "Made while the server was stopped; not in use yet."


class Migration(migrations.Migration):
    dependencies = [("servers", "0004_furnish_vpcs")]

    operations = [
        migrations.AddField(model, "awaits_start", models.BooleanField(default=False, help_text=HELP))
        for model in ("networkattachment", "networkinterface")
    ]
