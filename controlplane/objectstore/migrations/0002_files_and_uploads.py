"""Bytes of objects go from the database to files, and objects may have been uploaded in parts.

The files are written and read here as the version of this migration did it, because later versions may do it in
another way.
"""

import fcntl
import hashlib
import os
import uuid
from contextlib import contextmanager
from functools import partial

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models, transaction

FOLDER = "objects"
WRITING, REMOVING = ".writing", ".removing"
"""Files in the folder. Locks on them keep other machines from removing new files, and from removing during a backup."""
LARGEST_IN_ROW = 512 * 1024 * 1024
"""Bytes. A row of SQLite has a gigabyte at most, and it passes through memory."""


def to_files(apps, schema_editor):
    StoredObject = apps.get_model("objectstore", "StoredObject")
    Piece = apps.get_model("objectstore", "Piece")
    names = []
    with lock(WRITING, fcntl.LOCK_SH):
        try:
            for pk in list(StoredObject.objects.order_by("pk").values_list("pk", flat=True)):
                stored = StoredObject.objects.get(pk=pk)
                content = bytes(stored.content)
                names.append(uuid.uuid4().hex)
                write_file(names[-1], content)
                Piece.objects.create(
                    object=stored,
                    number=1,
                    size=len(content),
                    md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
                    file=names[-1],
                    kept_at=stored.modified_at,
                )
            sync_folders(names)
        except BaseException:  # all or none: the rows come back when one file cannot be written
            remove_files(names)
            raise
    schema_editor.connection.check_constraints()  # deferred ones would keep PostgreSQL from changing the table


def to_rows(apps, schema_editor):
    StoredObject = apps.get_model("objectstore", "StoredObject")
    Piece = apps.get_model("objectstore", "Piece")
    if (large := StoredObject.objects.filter(size__gt=LARGEST_IN_ROW)).exists():
        raise RuntimeError(f"{large.count()} objects are too large for the database. Delete them first.")
    names = list(Piece.objects.values_list("file", flat=True))
    for pk in list(StoredObject.objects.order_by("pk").values_list("pk", flat=True)):
        stored = StoredObject.objects.get(pk=pk)
        files = Piece.objects.filter(object=stored).order_by("number").values_list("file", flat=True)
        content = b"".join(path_of(name).read_bytes() for name in files)
        if len(content) != stored.size:
            raise OSError(f"an object has {stored.size} bytes, and its files have {len(content)}")
        # An entity tag of parts is longer than the column was.
        tag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        StoredObject.objects.filter(pk=pk).update(content=content, tag=tag)
    Piece.objects.all().delete()
    transaction.on_commit(partial(remove_unless_backup, names), using=schema_editor.connection.alias)
    schema_editor.connection.check_constraints()


def path_of(name):
    return settings.HOME.path / FOLDER / name[:2] / name


def write_file(name, content):
    path = path_of(name)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folders(names):
    """Write the names of the files to disk, without which a power failure may lose them."""
    for folder in {settings.HOME.path / FOLDER, *(path_of(name).parent for name in names)}:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)


def remove_files(names):
    for name in names:
        path_of(name).unlink(missing_ok=True)


def remove_unless_backup(names):
    """Remove files without rows. During a backup they stay, and the next start of a version with files removes them."""
    try:
        with lock(REMOVING, fcntl.LOCK_SH | fcntl.LOCK_NB):
            remove_files(names)
    except BlockingIOError:
        pass


@contextmanager
def lock(name, how):
    """Lock a file of the folder, which is created if it does not exist. Raises BlockingIOError with LOCK_NB."""
    folder = settings.HOME.path / FOLDER
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


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
