
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trustedprofiles', '0002_tags'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClaimRule',
            fields=[
                ('revision', models.PositiveIntegerField(default=1)),
                ('revision_hash', models.CharField(max_length=32)),
                ('id', models.CharField(help_text='ClaimRule-<uuid>', max_length=64, primary_key=True, serialize=False)),
                ('type', models.CharField(choices=[('Profile-SAML', 'Saml'), ('Profile-CR', 'Compute Resource')], max_length=16)),
                ('name', models.CharField(blank=True, max_length=255)),
                ('cr_type', models.CharField(blank=True, choices=[('VSI', 'Vsi'), ('PVS', 'Pvs'), ('BMS', 'Bms'), ('IKS_SA', 'Iks Sa'), ('ROKS_SA', 'Roks Sa'), ('CE', 'Ce')], max_length=8)),
                ('realm_name', models.CharField(blank=True, max_length=255)),
                ('expiration', models.PositiveIntegerField(default=0, help_text='Seconds of a SAML session.')),
                ('conditions', models.JSONField()),
                ('created_at', models.DateTimeField()),
                ('modified_at', models.DateTimeField()),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='trustedprofiles.trustedprofile')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ServiceId',
            fields=[
                ('revision', models.PositiveIntegerField(default=1)),
                ('revision_hash', models.CharField(max_length=32)),
                ('id', models.CharField(help_text='ServiceId-<uuid>', max_length=64, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('description', models.CharField(blank=True, max_length=1000)),
                ('unique_instance_crns', models.JSONField(default=list)),
                ('locked', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('modified_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='service_ids', to='trustedprofiles.account')),
            ],
            options={
                'verbose_name': 'service ID',
            },
        ),
        migrations.CreateModel(
            name='CustomRole',
            fields=[
                ('revision', models.PositiveIntegerField(default=1)),
                ('revision_hash', models.CharField(max_length=32)),
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(help_text="The role's name in its CRN.", max_length=30)),
                ('display_name', models.CharField(max_length=50)),
                ('description', models.CharField(blank=True, max_length=250)),
                ('service_name', models.CharField(max_length=64)),
                ('actions', models.JSONField(help_text='Action ids of the service.')),
                ('created_at', models.DateTimeField()),
                ('created_by_id', models.CharField(max_length=128)),
                ('last_modified_at', models.DateTimeField()),
                ('last_modified_by_id', models.CharField(max_length=128)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='custom_roles', to='trustedprofiles.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='role_name_per_account')],
            },
        ),
        migrations.CreateModel(
            name='ProfileIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('user', 'User'), ('serviceid', 'Service Id'), ('crn', 'Crn')], max_length=16)),
                ('identifier', models.CharField(help_text='IAM id of a user, id of a service ID, or CRN.', max_length=255)),
                ('iam_id', models.CharField(db_index=True, max_length=300)),
                ('accounts', models.JSONField(default=list, help_text='Of a user: the accounts they may come from.')),
                ('description', models.CharField(blank=True, max_length=1000)),
                ('created_at', models.DateTimeField()),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to='trustedprofiles.trustedprofile')),
            ],
            options={
                'verbose_name_plural': 'profile identities',
                'constraints': [models.UniqueConstraint(fields=('profile', 'type', 'identifier'), name='identity_once_per_profile')],
            },
        ),
    ]
