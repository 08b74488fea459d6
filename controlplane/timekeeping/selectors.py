"""Read the clock's setting."""

from django.db import DatabaseError

from controlplane.kernel.clock import UNMOVED, Setting
from controlplane.timekeeping.models import THE_ROW, ClockSetting


def read_setting(last: Setting | None) -> Setting:
    """Return the setting, for ``clock.follow``, or ``last`` while the database does not answer.

    Raises DatabaseError when there is no last value, because the time is then unknown.
    """
    try:
        row = ClockSetting.objects.filter(pk=THE_ROW).values_list("offset", "frozen_at").first()
    except DatabaseError:
        if last is None:
            raise
        return last
    return Setting(*row) if row else UNMOVED
