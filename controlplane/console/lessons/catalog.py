"""The lessons, in the order in which they are taught."""

from controlplane.console.lessons import (
    identity_token,
    mutual_tls,
    policy,
    rotation,
    secure_access,
    ssrf,
    trusted_profile,
)
from controlplane.console.lessons.lesson import Lesson

LESSONS: tuple[Lesson, ...] = (
    identity_token.LESSON,
    trusted_profile.LESSON,
    policy.LESSON,
    mutual_tls.LESSON,
    secure_access.LESSON,
    rotation.LESSON,
    ssrf.LESSON,
)


def find_lesson(slug: str) -> Lesson | None:
    return next((lesson for lesson in LESSONS if lesson.slug == slug), None)


def number_of(lesson: Lesson) -> int:
    """The number of a lesson, from 1."""
    return LESSONS.index(lesson) + 1
