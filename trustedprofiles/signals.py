"""Signals that other apps handle in the same transaction."""

from django.dispatch import Signal

service_id_deleting = Signal()
"""Sent with ``service_id``, whose row is locked until the transaction ends, and ``gone``. A receiver deletes its
records of the service ID and adds their ids to ``gone`` by kind, ``{"apikeys": [...]}``. It may raise Conflict, and
then nothing is deleted."""
