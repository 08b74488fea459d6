"""What the learner did, among all that happens to their server and in their account.

Whoever calls a metadata service is the server, whoever typed it; and in a class all may use the key of the deployment.
So a learner's commands say whose they are, by the name of the program that every request carries (User-Agent).
"""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.crypto import salted_hmac

from controlplane.activity.models import ActivityEvent
from trustedprofiles.models import User

LEARNER = "learner-"
MARK_SIZE = 12


def mark_of(learner: User) -> str:
    """The same for all lessons, and not to be guessed."""
    return f"{LEARNER}{learner.pk}-{salted_hmac(LEARNER, str(learner.pk)).hexdigest()[:MARK_SIZE]}"


def is_done_by(learner: User, event: ActivityEvent) -> bool:
    """Whether the call has the learner's mark, or was made in the console or by the learner's own key without the mark
    of another one."""
    agent = event.initiator_agent
    if LEARNER in agent:
        return agent.rpartition(" ")[2] == mark_of(learner)
    return event.initiator_id == learner.iam_id


def may_be_done_by(learners: Sequence[User]) -> Q:
    """Among the events that this finds are all that one of them did."""
    ids = [learner.iam_id for learner in learners if learner.iam_id]
    return Q(initiator_agent__contains=LEARNER) | Q(initiator_id__in=ids)
