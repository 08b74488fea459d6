"""Networks as a whole: prefixes, rules, virtual network interfaces, floating IPs; initialization as a record."""

import django.db.models.deletion
from django.db import migrations, models


def carry_over(apps, schema_editor):
    """Give rows from before what later code relies on."""
    server = apps.get_model("servers", "BareMetalServer")
    subnet = apps.get_model("servers", "Subnet")
    for model in (server, subnet):
        for zone in model.objects.values_list("zone", flat=True).distinct():
            model.objects.filter(zone=zone).update(region=zone.rpartition("-")[0])
    for row in apps.get_model("servers", "Initialization").objects.select_related("old_image", "server"):
        image = row.old_image
        row.image = {"id": image.id, "crn": _crn(image, "image"), "name": image.name, "allowed_use": "true"}
        row.keys = [
            {"id": key.id, "crn": _crn(key, "key"), "name": key.name, "fingerprint": key.fingerprint}
            for key in row.old_keys.all()
        ]
        row.save(update_fields=["image", "keys"])


def _crn(row, kind):
    scope = f"a/{row.account_id}" if row.account_id else ""
    return f"crn:v1:bluemix:public:is:{row.region}:{scope}::{kind}:{row.id}"


class Migration(migrations.Migration):

    dependencies = [
        ('servers', '0001_servers_and_networks'),
        ('trustedprofiles', '0001_accounts_profiles_and_policies'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountSettings',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='trustedprofiles.account')),
                ('metadata_service', models.BooleanField(default=True, help_text='Off: no server of the account has it, whatever its own switch says.', verbose_name='metadata service')),
            ],
            options={
                'verbose_name': 'account settings',
                'verbose_name_plural': 'account settings',
            },
        ),
        migrations.CreateModel(
            name='AddressPrefix',
            fields=[
                ('id', models.CharField(max_length=64, unique=True)),
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63)),
                ('created_at', models.DateTimeField()),
                ('zone', models.CharField(max_length=20)),
                ('cidr', models.CharField(max_length=18)),
                ('is_default', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'address prefix',
                'verbose_name_plural': 'address prefixes',
            },
        ),
        migrations.CreateModel(
            name='ConsoleAccessToken',
            fields=[
                ('server', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='servers.baremetalserver')),
                ('sha256', models.CharField(max_length=64)),
                ('console_type', models.CharField(help_text='serial or vnc', max_length=6)),
                ('force', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='FloatingIP',
            fields=[
                ('id', models.CharField(max_length=64, unique=True)),
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63)),
                ('created_at', models.DateTimeField()),
                ('region', models.CharField(max_length=16)),
                ('zone', models.CharField(max_length=20)),
                ('address', models.GenericIPAddressField(protocol='IPv4', unique=True)),
            ],
            options={
                'verbose_name': 'floating IP',
            },
        ),
        migrations.CreateModel(
            name='NetworkACLRule',
            fields=[
                ('id', models.CharField(max_length=64, unique=True)),
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63)),
                ('created_at', models.DateTimeField()),
                ('direction', models.CharField(help_text='inbound or outbound', max_length=8)),
                ('ip_version', models.CharField(default='ipv4', max_length=4)),
                ('protocol', models.CharField(max_length=16)),
                ('icmp_type', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('icmp_code', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('position', models.PositiveIntegerField()),
                ('action', models.CharField(help_text='allow or deny', max_length=5)),
                ('source', models.CharField(max_length=18)),
                ('destination', models.CharField(max_length=18)),
                ('source_port_min', models.PositiveIntegerField(blank=True, null=True)),
                ('source_port_max', models.PositiveIntegerField(blank=True, null=True)),
                ('destination_port_min', models.PositiveIntegerField(blank=True, null=True)),
                ('destination_port_max', models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'network ACL rule',
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='NetworkAttachment',
            fields=[
                ('id', models.CharField(max_length=64, unique=True)),
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63)),
                ('created_at', models.DateTimeField()),
                ('is_primary', models.BooleanField(default=False)),
                ('interface_type', models.CharField(default='pci', help_text='pci or vlan', max_length=12)),
                ('allowed_vlans', models.JSONField(blank=True, default=list, help_text='Of type pci.')),
                ('vlan', models.PositiveIntegerField(blank=True, help_text='Of type vlan.', null=True)),
                ('allow_to_float', models.BooleanField(default=False, help_text='Of type vlan.')),
            ],
            options={
                'verbose_name': 'network attachment',
            },
        ),
        migrations.CreateModel(
            name='SecurityGroupRule',
            fields=[
                ('id', models.CharField(max_length=64, unique=True)),
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63)),
                ('created_at', models.DateTimeField()),
                ('direction', models.CharField(help_text='inbound or outbound', max_length=8)),
                ('ip_version', models.CharField(default='ipv4', max_length=4)),
                ('protocol', models.CharField(max_length=16)),
                ('icmp_type', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('icmp_code', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('local', models.CharField(default='0.0.0.0/0', help_text='CIDR block or address.', max_length=18)),
                ('remote', models.CharField(blank=True, help_text='CIDR block or address; empty for a group.', max_length=18)),
                ('port_min', models.PositiveIntegerField(blank=True, null=True)),
                ('port_max', models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'security group rule',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='ServerTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=16)),
                ('count', models.BigIntegerField()),
            ],
            options={
                'verbose_name_plural': 'server tallies',
            },
        ),
        migrations.CreateModel(
            name='VirtualNetworkInterface',
            fields=[
                ('id', models.CharField(max_length=64, unique=True)),
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63)),
                ('created_at', models.DateTimeField()),
                ('region', models.CharField(max_length=16)),
                ('zone', models.CharField(max_length=20)),
                ('auto_delete', models.BooleanField(default=False, help_text='Deleted along with its attachment.')),
                ('allow_ip_spoofing', models.BooleanField(default=False)),
                ('enable_infrastructure_nat', models.BooleanField(default=True)),
                ('protocol_state_filtering_mode', models.CharField(default='auto', max_length=8)),
                ('mac_address', models.CharField(max_length=17)),
                ('revision', models.PositiveBigIntegerField(default=1, help_text='Grows with every change: the entity tag.')),
            ],
            options={
                'verbose_name': 'virtual network interface',
            },
        ),
        migrations.AlterModelOptions(
            name='networkacl',
            options={'verbose_name': 'network ACL'},
        ),
        migrations.AlterModelOptions(
            name='networkinterface',
            options={'verbose_name': 'network interface'},
        ),
        migrations.AlterModelOptions(
            name='routingtable',
            options={'verbose_name': 'routing table'},
        ),
        migrations.AlterModelOptions(
            name='securitygroup',
            options={'verbose_name': 'security group'},
        ),
        migrations.AlterModelOptions(
            name='vpc',
            options={'verbose_name': 'VPC'},
        ),
        migrations.RemoveConstraint(
            model_name='baremetalserver',
            name='server_name_per_account',
        ),
        migrations.RemoveIndex(
            model_name='baremetalserver',
            name='server_account_newest',
        ),
        migrations.AddField(
            model_name='baremetalserver',
            name='firmware_update',
            field=models.CharField(default='none', help_text='none, optional or required', max_length=8),
        ),
        migrations.AddField(
            model_name='baremetalserver',
            name='region',
            field=models.CharField(default='', max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='image',
            name='allowed_use',
            field=models.CharField(default='true', help_text='For which bare metal servers: a CEL expression.', max_length=256),
        ),
        migrations.AddField(
            model_name='image',
            name='deprecation_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='image',
            name='obsolescence_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='image',
            name='resource_group',
            field=models.ForeignKey(blank=True, help_text='Of an own image.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.resourcegroup'),
        ),
        migrations.AddField(
            model_name='initialization',
            name='user_accounts',
            field=models.JSONField(blank=True, default=list, help_text='[{"username", "encrypted_password", "encryption_key": a key as above}]'),
        ),
        migrations.AddField(
            model_name='networkinterface',
            name='allow_interface_to_float',
            field=models.BooleanField(default=False, help_text='Of type vlan.'),
        ),
        migrations.AddField(
            model_name='networkinterface',
            name='vlan',
            field=models.PositiveIntegerField(blank=True, help_text='Of type vlan.', null=True),
        ),
        migrations.AddField(
            model_name='routingtable',
            name='accept_routes_from',
            field=models.JSONField(blank=True, default=list, help_text='Resource types.'),
        ),
        migrations.AddField(
            model_name='routingtable',
            name='advertise_routes_to',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='routingtable',
            name='revision',
            field=models.PositiveBigIntegerField(default=1, help_text='Grows with every change: the entity tag.'),
        ),
        migrations.AddField(
            model_name='routingtable',
            name='route_direct_link_ingress',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='routingtable',
            name='route_internet_ingress',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='routingtable',
            name='route_transit_gateway_ingress',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='routingtable',
            name='route_vpc_zone_ingress',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='subnet',
            name='region',
            field=models.CharField(default='', max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='vpc',
            name='classic_access',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='vpc',
            name='enable_hub',
            field=models.BooleanField(default=False, help_text='DNS: resolves for other VPCs.'),
        ),
        migrations.AddField(
            model_name='vpc',
            name='manual_dns_servers',
            field=models.JSONField(blank=True, default=list, help_text="Addresses; empty for the system's own."),
        ),
        migrations.AddField(
            model_name='vpc',
            name='revision',
            field=models.PositiveBigIntegerField(default=1, help_text='Grows with every change: the entity tag.'),
        ),
        migrations.RenameField(model_name='initialization', old_name='image', new_name='old_image'),
        migrations.RenameField(model_name='initialization', old_name='keys', new_name='old_keys'),
        migrations.AddField(
            model_name='initialization',
            name='image',
            field=models.JSONField(help_text='{"id", "crn", "name", "allowed_use"}', default=dict),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='initialization',
            name='keys',
            field=models.JSONField(blank=True, default=list, help_text='[{"id", "crn", "name", "fingerprint"}]'),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField(model_name='initialization', name='old_image'),
        migrations.RemoveField(model_name='initialization', name='old_keys'),
        migrations.AlterField(
            model_name='networkinterface',
            name='allowed_vlans',
            field=models.JSONField(blank=True, default=list, help_text='Of type pci.'),
        ),
        migrations.AlterField(
            model_name='networkinterface',
            name='interface_type',
            field=models.CharField(default='pci', help_text='pci, vlan or hipersocket', max_length=12),
        ),
        migrations.AlterField(
            model_name='baremetalserver',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.account'),
        ),
        migrations.AlterField(
            model_name='baremetalserver',
            name='resource_group',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.resourcegroup'),
        ),
        migrations.AlterField(
            model_name='baremetalserver',
            name='vpc',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='bare_metal_servers', to='servers.vpc'),
        ),
        migrations.AddIndex(
            model_name='baremetalserver',
            index=models.Index(fields=['vpc', 'resource_group', '-number'], name='server_newest_of_both'),
        ),
        migrations.AddIndex(
            model_name='baremetalserver',
            index=models.Index(fields=['account', 'region', '-number'], name='server_newest'),
        ),
        migrations.AddIndex(
            model_name='baremetalserver',
            index=models.Index(fields=['vpc', '-number'], name='server_newest_of_vpc'),
        ),
        migrations.AddIndex(
            model_name='baremetalserver',
            index=models.Index(fields=['resource_group', 'region', '-number'], name='server_newest_of_group'),
        ),
        migrations.AddConstraint(
            model_name='baremetalserver',
            constraint=models.UniqueConstraint(fields=('account', 'region', 'name'), name='server_name_per_region'),
        ),
        migrations.AddField(
            model_name='addressprefix',
            name='vpc',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='address_prefixes', to='servers.vpc'),
        ),
        migrations.AddField(
            model_name='floatingip',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.account'),
        ),
        migrations.AddField(
            model_name='floatingip',
            name='network_interface',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='floating_ips', to='servers.networkinterface'),
        ),
        migrations.AddField(
            model_name='floatingip',
            name='resource_group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.resourcegroup'),
        ),
        migrations.AddField(
            model_name='networkaclrule',
            name='network_acl',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='servers.networkacl'),
        ),
        migrations.AddField(
            model_name='networkattachment',
            name='server',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='network_attachments', to='servers.baremetalserver'),
        ),
        migrations.AddField(
            model_name='securitygrouprule',
            name='remote_group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='remote_rules', to='servers.securitygroup'),
        ),
        migrations.AddField(
            model_name='securitygrouprule',
            name='security_group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='servers.securitygroup'),
        ),
        migrations.AddField(
            model_name='servertally',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='trustedprofiles.account'),
        ),
        migrations.AddField(
            model_name='servertally',
            name='resource_group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='trustedprofiles.resourcegroup'),
        ),
        migrations.AddField(
            model_name='servertally',
            name='vpc',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='servers.vpc'),
        ),
        migrations.AddField(
            model_name='virtualnetworkinterface',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.account'),
        ),
        migrations.AddField(
            model_name='virtualnetworkinterface',
            name='primary_ip',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='primary_of', to='servers.reservedip'),
        ),
        migrations.AddField(
            model_name='virtualnetworkinterface',
            name='resource_group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.resourcegroup'),
        ),
        migrations.AddField(
            model_name='virtualnetworkinterface',
            name='security_groups',
            field=models.ManyToManyField(related_name='virtual_network_interfaces', to='servers.securitygroup'),
        ),
        migrations.AddField(
            model_name='virtualnetworkinterface',
            name='subnet',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='virtual_network_interfaces', to='servers.subnet'),
        ),
        migrations.AddField(
            model_name='virtualnetworkinterface',
            name='vpc',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='virtual_network_interfaces', to='servers.vpc'),
        ),
        migrations.AddField(
            model_name='networkattachment',
            name='virtual_network_interface',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='attachment', to='servers.virtualnetworkinterface'),
        ),
        migrations.AddField(
            model_name='floatingip',
            name='virtual_network_interface',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='floating_ips', to='servers.virtualnetworkinterface'),
        ),
        migrations.AddField(
            model_name='reservedip',
            name='virtual_network_interface',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='ips', to='servers.virtualnetworkinterface'),
        ),
        migrations.AddConstraint(
            model_name='addressprefix',
            constraint=models.UniqueConstraint(fields=('vpc', 'name'), name='address_prefix_name_per_vpc'),
        ),
        migrations.AddConstraint(
            model_name='addressprefix',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('vpc', 'zone'), name='one_default_prefix_per_zone'),
        ),
        migrations.AddConstraint(
            model_name='networkaclrule',
            constraint=models.UniqueConstraint(fields=('network_acl', 'name'), name='acl_rule_name_per_acl'),
        ),
        migrations.AddConstraint(
            model_name='securitygrouprule',
            constraint=models.UniqueConstraint(fields=('security_group', 'name'), name='group_rule_name_per_group'),
        ),
        migrations.AddConstraint(
            model_name='servertally',
            constraint=models.UniqueConstraint(fields=('account', 'region', 'vpc', 'resource_group'), name='one_tally_per_place'),
        ),
        migrations.AddConstraint(
            model_name='virtualnetworkinterface',
            constraint=models.UniqueConstraint(fields=('vpc', 'name'), name='virtual_interface_name_per_vpc'),
        ),
        migrations.AddConstraint(
            model_name='networkattachment',
            constraint=models.UniqueConstraint(fields=('server', 'name'), name='attachment_name_per_server'),
        ),
        migrations.AddConstraint(
            model_name='networkattachment',
            constraint=models.UniqueConstraint(condition=models.Q(('is_primary', True)), fields=('server',), name='one_primary_attachment_per_server'),
        ),
        migrations.AddConstraint(
            model_name='floatingip',
            constraint=models.UniqueConstraint(fields=('account', 'region', 'name'), name='floating_ip_name_per_region'),
        ),
        migrations.AddConstraint(
            model_name='floatingip',
            constraint=models.CheckConstraint(condition=models.Q(('network_interface', None), ('virtual_network_interface', None), _connector='OR'), name='floating_ip_has_one_target'),
        ),
    ]
