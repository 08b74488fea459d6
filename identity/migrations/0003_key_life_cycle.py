from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0002_api_key_details_and_refresh_tokens'),
    ]

    operations = [
        migrations.CreateModel(
            name='KnownAnswer',
            fields=[
                ('kek_id', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('nonce', models.BinaryField()),
                ('ciphertext', models.BinaryField()),
                ('first_used_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='keypair',
            name='expires_at',
            field=models.DateTimeField(blank=True, help_text='end of the certificate', null=True),
        ),
        migrations.AlterField(
            model_name='keypair',
            name='certificate',
            field=models.TextField(blank=True, help_text='PEM, for certificate authorities'),
        ),
        migrations.AlterField(
            model_name='keypair',
            name='kek_id',
            field=models.CharField(blank=True, help_text='empty once the private key is wiped', max_length=16),
        ),
    ]
