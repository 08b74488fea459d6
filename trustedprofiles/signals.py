"""What happens here that other apps have to follow in the same transaction."""

from django.dispatch import Signal

service_id_deleting = Signal()
"""Sent with ``service_id``, whose row is locked until the transaction ends, and ``gone``. A receiver deletes what it
keeps of the service ID and adds the ids to ``gone`` by kind, ``{"apikeys": [...]}``; it may raise Conflict, and then
nothing is deleted."""
