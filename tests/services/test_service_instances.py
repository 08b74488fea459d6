"""Changes of service instances by callers that read them before another change."""

import pytest

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.errors import Gone, Unprocessable
from controlplane.resourcecontroller.services.changes import delete_instance, switch_lock, update_instance
from controlplane.resourcecontroller.services.reclamations import reclaim_instance, restore_instance
from tests.instances import BY, make_instance
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def stale(world: World) -> ResourceInstance:
    """An instance as it was read before it was deleted."""
    instance = make_instance(world.account)
    delete_instance(ResourceInstance.objects.get(pk=instance.pk), by=BY)
    return instance


def test_a_stale_reader_deletes_and_changes_nothing(stale: ResourceInstance) -> None:
    assert stale.state == "active"
    with pytest.raises(Gone):
        delete_instance(stale, by=BY)
    with pytest.raises(Unprocessable):
        update_instance(stale, changes={"name": "new"}, by=BY)
    with pytest.raises(Unprocessable):
        switch_lock(stale, locked=True, by=BY)
    stale.refresh_from_db()
    assert (stale.name, stale.state, stale.is_locked) == ("kms", "pending_reclamation", False)


def test_a_stale_reader_restores_no_removed_instance(stale: ResourceInstance) -> None:
    stale.refresh_from_db()
    reclaim_instance(ResourceInstance.objects.get(pk=stale.pk), by=BY)
    for step in (restore_instance, reclaim_instance):
        with pytest.raises(Unprocessable):
            step(stale, by=BY)
    stale.refresh_from_db()
    assert stale.state == "removed"


def test_a_stale_reader_changes_no_locked_instance(world: World) -> None:
    instance = make_instance(world.account)
    switch_lock(ResourceInstance.objects.get(pk=instance.pk), locked=True, by=BY)
    with pytest.raises(Unprocessable):
        delete_instance(instance, by=BY)
    instance.refresh_from_db()
    assert instance.state == "active"


def test_a_change_of_one_property_keeps_what_a_stale_reader_does_not_know(world: World) -> None:
    instance = make_instance(world.account)
    update_instance(ResourceInstance.objects.get(pk=instance.pk), changes={"name": "new"}, by=BY)
    update_instance(instance, changes={"allow_cleanup": True}, by=BY)
    instance.refresh_from_db()
    assert (instance.name, instance.allow_cleanup) == ("new", True)
