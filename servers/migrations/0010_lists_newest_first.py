"""Indexes for pages of servers that use a reservation, and of virtual network interfaces, newest first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('servers', '0009_reservations'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='baremetalserver',
            name='server_reservation',
        ),
        migrations.RemoveIndex(
            model_name='baremetalserver',
            name='server_reservation_pool',
        ),
        migrations.AddIndex(
            model_name='baremetalserver',
            index=models.Index(condition=models.Q(('reservation__isnull', False)), fields=['reservation', '-number'], name='server_reservation'),
        ),
        migrations.AddIndex(
            model_name='baremetalserver',
            index=models.Index(condition=models.Q(('reservation_pool__isnull', False)), fields=['reservation_pool', '-number'], name='server_reservation_pool'),
        ),
        migrations.AddIndex(
            model_name='virtualnetworkinterface',
            index=models.Index(fields=['account', 'region', '-number'], name='virtual_interface_newest'),
        ),
    ]
