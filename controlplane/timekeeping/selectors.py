"""Reading the clock's row."""

from django.db import DatabaseError

from controlplane.kernel.clock import UNMOVED, Setting
from controlplane.timekeeping.models import THE_ROW, ClockSetting


def read_setting(last: Setting | None) -> Setting:
    """For ``clock.follow``. While the database does not answer, ``last`` stands: nothing is issued without it anyway.

    Raises DatabaseError when nothing was read before, for then nobody knows the time.
    """
    try:
        found = ClockSetting.objects.filter(pk=THE_ROW).values_list("offset", "frozen_at").first()
    except DatabaseError:
        if last is None:
            raise
        return last
    return Setting(*found) if found else UNMOVED
