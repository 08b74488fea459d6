"""Tags: create, attach, detach and delete them, and take them off deleted resources.

Requests that change tags of one account run one after the other, so a tag cannot be deleted while it is attached.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet

from controlplane.activity.record import Party, record
from controlplane.kernel import clock
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import Conflict, NotFound, OverQuota, existing
from trustedprofiles import events, tag_rules
from trustedprofiles.limits import require_room
from trustedprofiles.models import Account, Tag, TagAttachment
from trustedprofiles.services.revisions import lock_account


@transaction.atomic
def create_access_tag(account: Account, *, name: str, by: Party) -> Tag:
    """Make an access tag. Raises Conflict when the account has it, OverQuota beyond 250 of them."""
    lock_account(account.id)
    tags = Tag.objects.filter(account=account, type=tag_rules.ACCESS)
    if tags.filter(name=name).exists():
        raise Conflict(f"The account already has an access tag {name}.")
    require_room(tags, tag_rules.MOST_ACCESS_TAGS, owner="An account", things="access tags")
    tag = Tag.objects.create(account=account, type=tag_rules.ACCESS, name=name, created_at=clock.now())
    _record(f"{events.TAG}.create", Party(name=name, type="Tag"), account, tag_rules.ACCESS, [name], by=by)
    return tag


@transaction.atomic
def attach_tags(
    account: Account,
    *,
    crn: Crn,
    type: str,
    names: Iterable[str],
    replace: bool = False,
    update: bool = False,
    by: Party,
) -> None:
    """Put tags on a resource, and create the user tags that are new. Tags that it has already stay on it.

    ``replace`` takes all other tags of the type off, ``update`` those with the key of a new one. Raises NotFound for a
    resource of another account and for an access tag that the account does not have, OverQuota beyond 1000 user or 250
    access tags.
    """
    _require_own(account, crn)
    lock_account(account.id)
    tag_names = sorted(set(names))
    tags = {tag.name: tag for tag in Tag.objects.filter(account=account, type=type, name__in=tag_names)}
    new = [name for name in tag_names if name not in tags]
    if new and type == tag_rules.ACCESS:
        raise NotFound(f"The account has no access tag {', '.join(new)}. Create it first.")
    now = clock.now()
    there = TagAttachment.objects.filter(tag__account=account, tag__type=type, crn=str(crn))
    if replace:
        _take_off(there.exclude(tag__name__in=tag_names))
    elif update:
        _take_off(_of_same_keys(there, tag_names))
    if there.exclude(tag__name__in=tag_names).count() + len(tag_names) > tag_rules.MOST_ON_A_RESOURCE[type]:
        raise OverQuota(f"A resource has at most {tag_rules.MOST_ON_A_RESOURCE[type]} {type} tags. Detach some first.")
    tags |= {name: Tag.objects.create(account=account, type=type, name=name, created_at=now) for name in new}
    TagAttachment.objects.bulk_create(
        [TagAttachment(tag=tag, crn=str(crn), created_at=now) for tag in tags.values()], ignore_conflicts=True
    )
    _record(f"{events.TAG}.attach", Party(str(crn), crn.resource, "Resource"), account, type, tag_names, by=by)


def _of_same_keys(there: QuerySet[TagAttachment], wanted: list[str]) -> QuerySet[TagAttachment]:
    """Return the attachments of tags that have the key of a wanted tag and another value."""
    keys = {tag_rules.key_of(name) for name in wanted} - {""}
    same = Q(pk__in=[])
    for key in keys:
        same |= Q(tag__name__startswith=key)
    return there.filter(same).exclude(tag__name__in=wanted)


def _take_off(attachments: QuerySet[TagAttachment]) -> None:
    tags = list(attachments.values_list("tag_id", flat=True))
    attachments.delete()
    Tag.objects.filter(pk__in=tags, type=tag_rules.USER, attachments=None).delete()


@transaction.atomic
def detach_tags(account: Account, *, crn: Crn, type: str, names: Iterable[str], by: Party) -> None:
    """Take tags off a resource; tags that are not on it are ignored. Raises NotFound for another account's resource.

    A user tag that no resource carries any longer is deleted, as the live tests of IBM's SDKs expect.
    """
    _require_own(account, crn)
    lock_account(account.id)
    tag_names = sorted(set(names))
    there = TagAttachment.objects.filter(tag__account=account, tag__type=type, crn=str(crn))
    _take_off(there.filter(tag__name__in=tag_names))
    _record(f"{events.TAG}.detach", Party(str(crn), crn.resource, "Resource"), account, type, tag_names, by=by)


@transaction.atomic
def delete_tag(account: Account, *, type: str, name: str, by: Party) -> None:
    """Delete a tag. Raises NotFound when the account does not have it, Conflict while a resource carries it."""
    lock_account(account.id)
    tag = existing(
        Tag.objects.filter(account=account, type=type, name=name).first(),
        f"The account has no {type} tag of this name.",
    )
    if carried := tag.attachments.count():
        raise Conflict(f"{carried} resource(s) carry the tag {name}. Detach it from them first.")
    tag.delete()
    _record(f"{events.TAG}.delete", Party(name=name, type="Tag"), account, type, [name], by=by)


@transaction.atomic
def delete_unused_tags(account: Account, *, type: str, by: Party) -> list[str]:
    """Delete the tags that no resource carries. Returns their names, in order."""
    lock_account(account.id)
    unused = Tag.objects.filter(account=account, type=type, attachments=None)
    names = sorted(unused.values_list("name", flat=True))
    Tag.objects.filter(account=account, type=type, name__in=names).delete()
    _record(events.UNUSED_TAGS_DELETE, Party(name="*", type="Tag"), account, type, names, by=by)
    return names


def forget(*crns: str) -> None:
    """Take all tags off deleted resources. Call it in the transaction that deletes the resources."""
    TagAttachment.objects.filter(crn__in=crns).delete()


def _require_own(account: Account, crn: Crn) -> None:
    """Raise NotFound for a resource of another account. Whether the resource exists is not known here (D-23)."""
    if crn.account_id != account.id:
        raise NotFound("There is no such resource in your account.")


def _record(event: str, target: Party, account: Account, type: str, names: list[str], *, by: Party) -> None:
    data = {"tag_type": type, "tag_names": names}
    record(event, initiator=by, target=target, account_id=account.id, data=data)
