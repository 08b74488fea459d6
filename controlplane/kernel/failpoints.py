"""Points at which a fault test kills the process, as ``kill -9`` would.

``BAREMINT_FAILPOINT`` names the point and, after a colon, the subject, such as ``after_demote:iam``. Without the
setting nothing happens.
"""

import os
import signal

from django.conf import settings


def reach(point: str, subject: str = "") -> None:
    """Kill this process if the setting names this point."""
    if settings.BAREMINT_FAILPOINT and settings.BAREMINT_FAILPOINT in (point, f"{point}:{subject}"):
        os.kill(os.getpid(), signal.SIGKILL)
