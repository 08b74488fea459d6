"""Bytes of objects go from the database to files, and objects may have been uploaded in parts."""

import hashlib
from functools import partial

import django.db.models.deletion
from django.db import migrations, models, transaction

from controlplane.objectstore import files
from controlplane.objectstore.object_reader import Extent, Reader

PIECE = 1024 * 1024
LARGEST_IN_ROW = 512 * 1024 * 1024
"""Bytes. A row of SQLite has a gigabyte at most, and it passes through memory."""


def to_files(apps, schema_editor):
    StoredObject = apps.get_model("objectstore", "StoredObject")
    Piece = apps.get_model("objectstore", "Piece")
    with files.writing() as new:  # all or none: the rows come back when one cannot be written
        for pk in list(StoredObject.objects.order_by("pk").values_list("pk", flat=True)):
            stored = StoredObject.objects.get(pk=pk)
            content = bytes(stored.content)
            file = new.write(content[start : start + PIECE] for start in range(0, len(content), PIECE))
            Piece.objects.create(
                object=stored, number=1, size=file.size, md5=file.md5, file=file.name, kept_at=stored.modified_at
            )
    schema_editor.connection.check_constraints()  # deferred ones would keep PostgreSQL from changing the table


def to_rows(apps, schema_editor):
    StoredObject = apps.get_model("objectstore", "StoredObject")
    Piece = apps.get_model("objectstore", "Piece")
    if (large := StoredObject.objects.filter(size__gt=LARGEST_IN_ROW)).exists():
        raise RuntimeError(f"{large.count()} objects are too large for the database. Delete them first.")
    names = list(Piece.objects.values_list("file", flat=True))
    for pk in list(StoredObject.objects.order_by("pk").values_list("pk", flat=True)):
        stored = StoredObject.objects.get(pk=pk)
        pieces = Piece.objects.filter(object=stored).order_by("number").values_list("file", "size")
        content = b"".join(Reader([Extent(*each) for each in pieces], 0, stored.size))
        # An entity tag of parts is longer than the column was.
        tag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        StoredObject.objects.filter(pk=pk).update(content=content, tag=tag)
    Piece.objects.all().delete()
    transaction.on_commit(partial(files.remove, names), using=schema_editor.connection.alias)
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):
    dependencies = [
        ("objectstore", "0001_buckets_and_objects"),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.BinaryField(max_length=1024)),
                ("identifier", models.CharField(max_length=32, unique=True)),
                ("headers", models.JSONField(default=dict, help_text="What the object will be answered with.")),
                ("initiator", models.CharField(help_text="IAM id.", max_length=255)),
                ("started_at", models.DateTimeField()),
                (
                    "bucket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="objectstore.bucket",
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="storedobject",
            name="size",
            field=models.PositiveBigIntegerField(help_text="Bytes."),
        ),
        migrations.RenameField(model_name="storedobject", old_name="md5", new_name="tag"),
        migrations.AlterField(
            model_name="storedobject",
            name="content",
            field=models.BinaryField(default=b""),
        ),
        migrations.CreateModel(
            name="Piece",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="In the order of these; S3's part number.")),
                ("size", models.PositiveBigIntegerField(help_text="Bytes.")),
                ("md5", models.CharField(help_text="In hexadecimal.", max_length=32)),
                ("file", models.CharField(help_text="Its name.", max_length=32, unique=True)),
                ("kept_at", models.DateTimeField()),
                (
                    "object",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="objectstore.storedobject",
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="objectstore.upload",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("object", "number"), name="objectstore_piece_of_object"),
                    models.UniqueConstraint(fields=("upload", "number"), name="objectstore_piece_of_upload"),
                    models.CheckConstraint(
                        condition=models.Q(("object__isnull", False), ("upload__isnull", True))
                        | models.Q(("object__isnull", True), ("upload__isnull", False)),
                        name="objectstore_piece_of_one",
                    ),
                ],
            },
        ),
        migrations.AlterField(
            model_name="storedobject",
            name="tag",
            field=models.CharField(
                help_text="The entity tag: the MD5 in hexadecimal, or S3's of parts.", max_length=38
            ),
        ),
        migrations.RunPython(to_files, to_rows),
        migrations.RemoveField(model_name="storedobject", name="content"),
    ]
