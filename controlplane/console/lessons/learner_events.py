"""The events of one learner, among all events of their server and their account.

The initiator of a call of a metadata service is the server, no matter which user made it; and in a class, all learners
may use the key of the deployment. So a learner's commands identify the learner in the User-Agent of every request.
"""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.crypto import salted_hmac

from controlplane.activity.models import ActivityEvent
from trustedprofiles.models import User

LEARNER = "learner-"
MARK_SIZE = 12


def mark_of(learner: User) -> str:
    """The learner's mark: the same for all lessons, and hard to guess."""
    return f"{LEARNER}{learner.pk}-{salted_hmac(LEARNER, str(learner.pk)).hexdigest()[:MARK_SIZE]}"


def is_done_by(learner: User, event: ActivityEvent) -> bool:
    """Whether the call has the learner's mark, or was made in the console or with the learner's key and without another
    learner's mark."""
    agent = event.initiator_agent
    if LEARNER in agent:
        return agent.rpartition(" ")[2] == mark_of(learner)
    return event.initiator_id == learner.iam_id


def may_be_done_by(learners: Sequence[User]) -> Q:
    """A condition that is true for all events of these learners, and for some others."""
    ids = [learner.iam_id for learner in learners if learner.iam_id]
    return Q(initiator_agent__contains=LEARNER) | Q(initiator_id__in=ids)
