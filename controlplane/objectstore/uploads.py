"""Multipart uploads: each part is a file, and becomes a piece of the object when the upload is completed."""

import hashlib
import uuid
from collections.abc import Sequence
from itertools import pairwise

from django.db import transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, failpoints
from controlplane.objectstore import services
from controlplane.objectstore.errors import EntityTooSmall, InvalidPart, InvalidPartOrder, InvalidRequest
from controlplane.objectstore.files import StoredFile
from controlplane.objectstore.models import Bucket, Piece, StoredObject, Upload
from controlplane.objectstore.quota import Allowance
from controlplane.objectstore.selectors import find_upload
from controlplane.objectstore.xml_requests import NamedPart

SMALLEST_PART = 5 * 1024 * 1024
"""The least bytes of each part but the last (AWS S3, "Multipart upload limits"; IBM COS has the same)."""


@transaction.atomic
def create_upload(bucket: Bucket, *, key: str, headers: dict[str, str], event: str, by: Party) -> Upload:
    """Start an upload. Raises NoSuchBucket."""
    bucket_row = services.lock_bucket(bucket)
    upload = Upload.objects.create(
        bucket=bucket_row,
        key=key.encode(),
        identifier=uuid.uuid4().hex,
        headers=headers,
        initiator=by.id,
        started_at=clock.now(),
    )
    _record(event, upload, by=by)
    return upload


@transaction.atomic
def put_part(
    bucket: Bucket,
    *,
    key: str,
    identifier: str,
    number: int,
    file: StoredFile,
    allowance: Allowance,
    event: str,
    by: Party,
) -> Piece:
    """Store a part whose bytes are in a file, and replace any previous one with its number.

    Raises NoSuchBucket, NoSuchUpload, or QuotaExceeded.
    """
    bucket_row = services.lock_buckets_of_account(bucket)
    upload = find_upload(bucket_row, key, identifier)
    services.discard(upload.pieces.filter(number=number))
    piece = Piece.objects.create(
        upload=upload, number=number, size=file.size, md5=file.md5, file=file.name, kept_at=clock.now()
    )
    allowance.require()
    _record(event, upload, by=by, part=number, size=file.size, md5=file.md5)
    failpoints.reach("before_commit", "part")
    return piece


@transaction.atomic
def complete_upload(
    bucket: Bucket,
    *,
    key: str,
    identifier: str,
    parts: Sequence[NamedPart],
    size: int | None,
    if_match: str | None,
    if_none_match: str | None,
    event: str,
    by: Party,
) -> StoredObject:
    """Create an object from these parts and replace any previous one; other parts are discarded.

    ``size`` is the total that the client states. Raises NoSuchBucket, NoSuchUpload, InvalidPart,
    InvalidPartOrder, EntityTooSmall, InvalidRequest, and what ``services.require_unchanged`` raises.
    """
    bucket_row = services.lock_bucket(bucket)
    upload = find_upload(bucket_row, key, identifier)
    present = {each.number: each for each in upload.pieces.all()}
    pieces = _pieces_of(parts, present)
    services.require_unchanged(bucket_row, key, if_match=if_match, if_none_match=if_none_match)
    total = sum(each.size for each in pieces)
    if size is not None and size != total:
        raise InvalidRequest(f"The parts have {total} bytes, and x-amz-mp-object-size says {size}.")
    tag = f"{hashlib.md5(b''.join(bytes.fromhex(each.md5) for each in pieces), usedforsecurity=False).hexdigest()}"
    row = services.replace_object(bucket_row, key=key, size=total, tag=f"{tag}-{len(pieces)}", headers=upload.headers)
    file = {each.number for each in pieces}
    services.discard(each for number, each in present.items() if number not in file)
    upload.pieces.update(object=row, upload=None)
    _record(event, upload, by=by, parts=len(pieces), size=total, tag=row.tag)
    upload.delete()
    failpoints.reach("before_commit", "upload")
    return row


def _pieces_of(parts: Sequence[NamedPart], present: dict[int, Piece]) -> list[Piece]:
    """The pieces of these parts. Raises InvalidPartOrder, InvalidPart, or EntityTooSmall."""
    numbers = [each.number for each in parts]
    if any(first >= second for first, second in pairwise(numbers)):
        raise InvalidPartOrder("The parts must be listed in the order of their numbers, each once.")
    for each in parts:
        if each.number not in present or present[each.number].md5 != each.tag:
            raise InvalidPart(f"There is no part {each.number} with this entity tag. Upload it, or correct the list.")
    pieces = [present[number] for number in numbers]
    for piece in pieces[:-1]:
        if piece.size < SMALLEST_PART:
            raise EntityTooSmall(
                f"Part {piece.number} has {piece.size} bytes; each but the last must have {SMALLEST_PART}."
            )
    return pieces


@transaction.atomic
def abort_upload(bucket: Bucket, *, key: str, identifier: str, event: str, by: Party) -> None:
    """Abort an upload and delete its parts. Raises NoSuchBucket or NoSuchUpload."""
    bucket_row = services.lock_bucket(bucket)
    upload = find_upload(bucket_row, key, identifier)
    services.discard(upload.pieces.all())
    _record(event, upload, by=by, status=204)
    upload.delete()


def _record(event: str, upload: Upload, *, by: Party, status: int = 200, **evidence: int | str) -> None:
    record(
        event,
        initiator=by,
        target=services.target_of(upload.bucket),
        account_id=upload.bucket.account_id,
        status=status,
        data={"object": upload.name, "upload": upload.identifier, **evidence},
    )
