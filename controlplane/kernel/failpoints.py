"""Where a fault test ends a process as ``kill -9`` would: in the middle of something, with nothing put in order.

``BAREMINT_FAILPOINT`` names the point, and after a colon what it happens to, such as ``after_demote:iam``. Without the
setting nothing happens.
"""

import os
import signal

from django.conf import settings


def reach(point: str, subject: str = "") -> None:
    """Die here when the setting says so."""
    if settings.BAREMINT_FAILPOINT and settings.BAREMINT_FAILPOINT in (point, f"{point}:{subject}"):
        os.kill(os.getpid(), signal.SIGKILL)
