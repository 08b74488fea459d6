"""The families of metrics, with their names, labels and sources."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.db import Error
from django.db.models import Sum
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from controlplane import __version__
from controlplane.activity import counters
from controlplane.activity.models import Heartbeat
from controlplane.activity.timings import BOUNDS, histograms
from controlplane.database.postgresql.patience import patience
from controlplane.jobs import broker
from controlplane.kernel import clock
from controlplane.observability.last_tick import last_tick
from controlplane.observability.metrics.issuing import KINDS
from controlplane.timekeeping.services import read_clock
from identity.models import IssuedCertificate
from identity.selectors import live_keys, scheduled_keys

SOON = timedelta(hours=1)
ASK_SECONDS = 1.0


def everything() -> Iterator[Metric]:
    """Return all metrics. When the database or the broker fails, a metric says so and those from it are left out."""
    yield InfoMetricFamily("baremint", "This Baremint.", value={"version": __version__})
    try:
        with patience(ASK_SECONDS):
            families = list(_of_database())
    except Error:
        families = []
    yield GaugeMetricFamily("baremint_database_up", "Whether the database answers.", value=bool(families))
    yield from families
    yield from _broker()


def _of_database() -> Iterator[Metric]:
    """Return the metrics from the database. Raises django.db.Error."""
    yield from _issuing()
    yield from _signing()
    yield from _keys()
    yield from _certificates()
    yield from _background()
    yield from _clock()


def _issuing() -> Iterator[Metric]:
    labels = ["kind", "operation"]
    successes = CounterMetricFamily("baremint_issued", "Tokens and certificates issued.", labels=labels)
    refusals = CounterMetricFamily("baremint_refused", "Tokens and certificates refused.", labels=[*labels, "code"])
    events = CounterMetricFamily(
        "baremint_events", "Activity events: every operation of every API.", labels=["operation", "outcome", "code"]
    )
    for action, outcome, code, count in counters.events():
        events.add_metric([action, outcome, code], count)
        if kind := KINDS.get(action):
            if outcome == "success":
                successes.add_metric([kind, action], count)
            else:
                refusals.add_metric([kind, action, code], count)
    yield from (successes, refusals, events)


def _signing() -> Iterator[Metric]:
    family = HistogramMetricFamily("baremint_signing_seconds", "How long a signature takes.", labels=["kind"])
    bounds = ["+Inf" if limit == float("inf") else str(limit) for limit in BOUNDS]
    for kind, (counts, seconds) in sorted(histograms().items()):
        family.add_metric([kind], buckets=list(zip(bounds, map(float, counts), strict=True)), sum_value=seconds)
    yield family


def _keys() -> Iterator[Metric]:
    labels = ["purpose", "region", "state"]
    count = GaugeMetricFamily("baremint_keys", "Keys by purpose and state.", labels=labels)
    until = GaugeMetricFamily(
        "baremint_key_next_step_seconds",
        "Until the next key in this state enters the next one; below zero when it is overdue.",
        labels=[*labels, "next"],
    )
    expiry = GaugeMetricFamily(
        "baremint_authority_expiry_seconds",
        "Until the certificate of the active authority ends.",
        labels=["purpose", "region"],
    )
    now = clock.now()
    schedule = scheduled_keys(now)
    for label, number in sorted(Counter((key.purpose, key.region, key.state) for key in schedule).items()):
        count.add_metric(list(label), number)
    nearest: dict[tuple[str, ...], float] = {}
    for key in schedule:
        if key.seconds is not None and key.next_state:
            step: tuple[str, ...] = (key.purpose, key.region, key.state, key.next_state)
            nearest[step] = min(key.seconds, nearest.get(step, key.seconds))
    for step, seconds in sorted(nearest.items()):
        until.add_metric(list(step), seconds)
    for line, facts in sorted(live_keys().items()):
        for each in facts:
            if each.state == "active" and each.expires_at:
                expiry.add_metric(list(line), (each.expires_at - now).total_seconds())
    yield from (count, until, expiry)


def _certificates() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "baremint_certificates",
        "Identity certificates: valid for more than an hour, expiring in less, expired, or revoked before that.",
        labels=["validity"],
    )
    now = clock.now()
    alive = IssuedCertificate.objects.filter(not_after__gt=now)
    good = alive.filter(revoked_at=None)
    family.add_metric(["valid"], good.filter(not_after__gt=now + SOON).count())
    family.add_metric(["expiring"], good.filter(not_after__lte=now + SOON).count())
    family.add_metric(["revoked"], alive.exclude(revoked_at=None).count())
    family.add_metric(["expired"], IssuedCertificate.objects.filter(not_after__lte=now).count())
    yield family


def _background() -> Iterator[Metric]:
    runs = CounterMetricFamily("baremint_job_runs", "Runs of background jobs that ended.", labels=["job", "outcome"])
    for job, outcome, count in counters.job_runs():
        runs.add_metric([job, outcome], count)
    yield runs
    workers = Heartbeat.objects.aggregate(dropped=Sum("dropped_messages"))
    losses = CounterMetricFamily("baremint_dropped_messages", "Messages that workers could not read.")
    losses.add_metric([], workers["dropped"] or 0)
    yield losses
    age = last_tick().seconds_ago
    if age is not None:
        yield GaugeMetricFamily("baremint_tick_age_seconds", "Since a worker last took a tick of beat.", value=age)


def _broker() -> Iterator[Metric]:
    try:
        depth = broker.queue_depth(seconds=ASK_SECONDS)
    except broker.BrokerFailed:
        depth = None
    yield GaugeMetricFamily("baremint_broker_up", "Whether the broker answers.", value=depth is not None)
    if depth is not None:
        yield GaugeMetricFamily("baremint_queue_depth", "Tasks that no worker has taken yet.", value=depth)


def _clock() -> Iterator[Metric]:
    reading = read_clock()
    offset = (reading.now - reading.wall).total_seconds()
    yield GaugeMetricFamily("baremint_clock_offset_seconds", "How far the domain's time is ahead.", value=offset)
    frozen = reading.setting.frozen_at is not None
    yield GaugeMetricFamily("baremint_clock_frozen", "Whether the domain's time stands still.", value=frozen)
