"""Multipart uploads: parts are files of their own, and become the pieces of an object when the upload is complete."""

import hashlib
import uuid
from collections.abc import Sequence
from itertools import pairwise

from django.db import transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, failpoints
from controlplane.objectstore import services
from controlplane.objectstore.errors import EntityTooSmall, InvalidPart, InvalidPartOrder, InvalidRequest
from controlplane.objectstore.files import Kept
from controlplane.objectstore.models import Bucket, Piece, StoredObject, Upload
from controlplane.objectstore.quota import Room
from controlplane.objectstore.selectors import find_upload
from controlplane.objectstore.xml_requests import NamedPart

SMALLEST_PART = 5 * 1024 * 1024
"""Bytes, of each but the last (AWS S3, "Multipart upload limits"; IBM COS has the same)."""


@transaction.atomic
def create_upload(bucket: Bucket, *, key: str, headers: dict[str, str], event: str, by: Party) -> Upload:
    """Raises NoSuchBucket."""
    held = services.hold(bucket)
    made = Upload.objects.create(
        bucket=held,
        key=key.encode(),
        identifier=uuid.uuid4().hex,
        headers=headers,
        initiator=by.id,
        started_at=clock.now(),
    )
    _record(event, made, by=by)
    return made


@transaction.atomic
def put_part(
    bucket: Bucket, *, key: str, identifier: str, number: int, kept: Kept, room: Room, event: str, by: Party
) -> Piece:
    """Store a part, whose bytes are in a file, in place of any before with its number.

    Raises NoSuchBucket, NoSuchUpload, or QuotaExceeded.
    """
    held = services.hold_account(bucket)
    upload = find_upload(held, key, identifier)
    services.discard(upload.pieces.filter(number=number))
    made = Piece.objects.create(
        upload=upload, number=number, size=kept.size, md5=kept.md5, file=kept.name, kept_at=clock.now()
    )
    room.require()
    _record(event, upload, by=by, part=number, size=kept.size, md5=kept.md5)
    failpoints.reach("before_commit", "part")
    return made


@transaction.atomic
def complete_upload(
    bucket: Bucket,
    *,
    key: str,
    identifier: str,
    named: Sequence[NamedPart],
    size: int | None,
    if_match: str | None,
    if_none_match: str | None,
    event: str,
    by: Party,
) -> StoredObject:
    """Make an object of the named parts, in place of any before; other parts are discarded.

    ``size`` is what the client holds to be all bytes. Raises NoSuchBucket, NoSuchUpload, InvalidPart,
    InvalidPartOrder, EntityTooSmall, InvalidRequest, and what ``services.require_unchanged`` raises.
    """
    held = services.hold(bucket)
    upload = find_upload(held, key, identifier)
    there = {each.number: each for each in upload.pieces.all()}
    chosen = _chosen(named, there)
    services.require_unchanged(held, key, if_match=if_match, if_none_match=if_none_match)
    total = sum(each.size for each in chosen)
    if size is not None and size != total:
        raise InvalidRequest(f"The parts have {total} bytes, and x-amz-mp-object-size says {size}.")
    tag = f"{hashlib.md5(b''.join(bytes.fromhex(each.md5) for each in chosen), usedforsecurity=False).hexdigest()}"
    made = services.replace_object(held, key=key, size=total, tag=f"{tag}-{len(chosen)}", headers=upload.headers)
    kept = {each.number for each in chosen}
    services.discard(each for number, each in there.items() if number not in kept)
    upload.pieces.update(object=made, upload=None)
    _record(event, upload, by=by, parts=len(chosen), size=total, tag=made.tag)
    upload.delete()
    failpoints.reach("before_commit", "upload")
    return made


def _chosen(named: Sequence[NamedPart], there: dict[int, Piece]) -> list[Piece]:
    """The pieces that these parts are. Raises InvalidPartOrder, InvalidPart, or EntityTooSmall."""
    numbers = [each.number for each in named]
    if any(first >= second for first, second in pairwise(numbers)):
        raise InvalidPartOrder("The parts must be listed in the order of their numbers, each once.")
    for each in named:
        if each.number not in there or there[each.number].md5 != each.tag:
            raise InvalidPart(f"There is no part {each.number} with this entity tag. Upload it, or correct the list.")
    chosen = [there[number] for number in numbers]
    for piece in chosen[:-1]:
        if piece.size < SMALLEST_PART:
            raise EntityTooSmall(
                f"Part {piece.number} has {piece.size} bytes; each but the last must have {SMALLEST_PART}."
            )
    return chosen


@transaction.atomic
def abort_upload(bucket: Bucket, *, key: str, identifier: str, event: str, by: Party) -> None:
    """Raises NoSuchBucket or NoSuchUpload."""
    held = services.hold(bucket)
    upload = find_upload(held, key, identifier)
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
