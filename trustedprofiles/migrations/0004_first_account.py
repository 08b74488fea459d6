from typing import Any

from django.db import migrations, models


def mark_the_first(apps: Any, schema_editor: Any) -> None:
    accounts = apps.get_model("trustedprofiles", "Account").objects.using(schema_editor.connection.alias)
    first = accounts.order_by("created_at", "id").first()
    if first is not None:
        accounts.filter(pk=first.pk).update(is_first=True)


class Migration(migrations.Migration):
    dependencies = [("trustedprofiles", "0003_rules_identities_service_ids_and_roles")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="is_first",
            field=models.BooleanField(
                default=False, editable=False, help_text="Its owner is the deployment administrator."
            ),
        ),
        migrations.RunPython(mark_the_first, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                fields=["is_first"], condition=models.Q(is_first=True), name="one_first_account"
            ),
        ),
    ]
