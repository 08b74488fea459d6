"""What the learner did, among all that happens to their server and in their account.

Whoever calls a metadata service is the server, whoever typed it; and in a class all may use the key of the deployment.
So a learner's commands say whose they are, by the name of the program that every request carries (User-Agent).
"""

from django.db.models import Q

from trustedprofiles.models import User

LEARNER = "learner-"


def mark_of(learner: User) -> str:
    return f"{LEARNER}{learner.pk}"


def done_by(learner: User) -> Q:
    """Activity events of calls that have the learner's mark, or were made in the console or by the learner's own key
    without the mark of another one."""
    mark = mark_of(learner)
    marked = Q(initiator_agent=mark) | Q(initiator_agent__endswith=f" {mark}")
    return marked | (Q(initiator_id=learner.iam_id) & ~Q(initiator_agent__contains=LEARNER))
