"""One connection: read a request, have a thread process it, write the response. Only ``_work`` is not in the loop."""

import asyncio
from collections.abc import Hashable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from controlplane.kernel.awaited_body import AwaitedBody, TooLargeBody
from controlplane.runtime.http.connection_limit import FOREVER
from controlplane.runtime.http.drain import Drain
from controlplane.runtime.http.incoming import Incoming
from controlplane.runtime.http.outgoing import Outgoing, close_source
from controlplane.runtime.http.request_head import Malformed
from controlplane.runtime.http.response import CONTINUE, FAILED, LATE_BODY, LATE_HEAD, TOO_LATE
from controlplane.runtime.http.threads import Threads
from controlplane.runtime.http.wsgi_call import BASE_ENVIRON, Response, call_application

if TYPE_CHECKING:
    from controlplane.runtime.http.service import Service


class Connection(asyncio.Protocol):
    """The protocol of one connection; implements ``LimitedConnection``."""

    def __init__(self, service: "Service", threads: Threads, share: Hashable, environ: Mapping[str, Any]) -> None:
        self.service, self.share = service, share
        self.deadline = FOREVER
        self._threads = threads
        self._base = {**BASE_ENVIRON, **environ}
        self._environ: dict[str, Any] = {}
        self._transport: Any = None
        self._incoming = Incoming(service.limits, service.largest_body)
        self._began = 0.0  # time of the first byte of the request; 0 before that
        self._awaits_body_since = 0.0
        self._busy = False
        """A thread processes the request, or its response is being written."""
        self._early = False  # the application was called before the body had arrived
        self._called_at: int | None = None  # size of the body at that call
        self._over = False  # the last response is written
        self._drain: Drain | None = None  # reads and discards what arrives after the last response
        self._ended = False  # the client has closed its side
        self._closed, self._reading = False, True
        self._outgoing = Outgoing(service)
        self._next_is_due = False  # the next request is read once the client has read the last response

    # --- Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._outgoing.connect(transport)
        self.service.connections.add(self)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._over:
            self._drain_input(len(data))
            return
        self._incoming.received += data
        if not self._busy or self._early:
            self._advance()
        elif len(self._incoming.received) > self.service.limits.unread_size and self._reading:
            self._transport.pause_reading()
            self._reading = False

    def eof_received(self) -> bool:
        self._ended = True
        if self._busy and (not self._early or self._incoming.has_arrived):
            return self._transport.get_extra_info("ssl_object") is None  # the response can still be sent
        if not self._over:
            self._end_of_input()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self.service.connections.remove(self)
        self._outgoing.end()
        if not self._busy:  # otherwise a thread may be reading the body
            self._incoming.forget()

    def pause_writing(self) -> None:
        self.service.connections.set_unread(self, self._outgoing.pause())
        if not self._outgoing.is_reading:
            self.deadline = self.service.loop.time() + self.service.limits.answer_seconds

    def resume_writing(self) -> None:
        self.service.connections.clear_unread(self)
        self._outgoing.resume()
        if self._next_is_due and not self._closed:
            self._busy = self._next_is_due = False
            self._next_request()

    # --- Called by the connection limit

    def check_deadline(self, now: float) -> None:
        since = self._awaits_body_since
        if since and self._called_at is None and now > since + self.service.limits.early_seconds:
            self._call_early()
        if now >= self.deadline:
            self._on_deadline(now)

    def abort(self) -> None:
        self._closed = True
        self.service.connections.remove(self)
        self._outgoing.end()
        self._transport.abort()

    def close_unless_busy(self) -> None:
        """Close when no complete request is being processed. For a service that stops."""
        if self._early or not self._busy:
            self._close()

    def _on_deadline(self, now: float) -> None:
        limits = self.service.limits
        if self._outgoing.is_awaited:
            self.deadline = now + limits.answer_seconds
            if self._outgoing.is_too_slow():
                self.abort()
        elif self._over:
            self.abort()
        elif self._awaits_body_since:
            self.deadline = now + limits.body_seconds
            if self._incoming.body is None or not self._incoming.body.keeps_rate():
                self._refuse(LATE_BODY)
        elif self._incoming.has_begun:
            self._refuse(LATE_HEAD)
        else:
            self._close()

    # --- Reading

    def _advance(self) -> None:
        """Process the data that has arrived."""
        incoming = self._incoming
        try:
            incoming.read()
        except Malformed as malformed:
            if incoming.discarded is None:
                self._refuse(malformed)
            else:  # the rest of a request that has its response
                self._finish(reads_on=True)
            return
        if self._early or incoming.discarded is not None:
            if incoming.discarded is not None and incoming.discarded.too_large:
                self._finish(reads_on=True)
            return
        if self._ended and not incoming.has_arrived:
            self._end_of_input()
        elif incoming.head is None:
            self._await_head_of_next()
        elif incoming.body is not None and incoming.body.too_large:
            self._submit(TooLargeBody(incoming.body.largest))
        elif incoming.has_arrived:
            self._submit()
        elif incoming.body is not None:
            if not self._awaits_body_since:
                self._await_body()
            if incoming.needs_early_call(self._called_at):
                self._call_early()  # before more of a body that may be refused is written to disk

    def _end_of_input(self) -> None:
        if self._incoming.has_begun:
            self._refuse(Malformed(f"The request ends before its {'body' if self._incoming.head else 'head'} does."))
        else:
            self._close()

    def _await_head(self) -> None:
        """Start the time limit of a head."""
        self._began = self.service.loop.time()
        self.deadline = self._began + self.service.limits.head_seconds
        self.service.connections.begin(self, self._began)

    def _await_head_of_next(self) -> None:
        if not self._incoming.received:
            self.deadline = self.service.loop.time() + self.service.limits.idle_seconds
        elif not self._began:
            self._await_head()

    def _await_body(self) -> None:
        self._awaits_body_since = self.service.loop.time()
        self._began = self._began or self._awaits_body_since
        self.deadline = self._awaits_body_since + self.service.limits.body_seconds
        self.service.connections.begin(self, self._awaits_body_since)

    # --- Responding

    def _call_early(self) -> None:
        """Call the application before the body has arrived; it may refuse the request by its head."""
        self._early, self._called_at = True, self._incoming.size
        self._submit(AwaitedBody(self._called_at))

    def _submit(self, body: AwaitedBody | None = None) -> None:
        self._environ = {**self._base, **self._incoming.environ(body)}
        self._busy = True
        if not self._early:
            spooled = self._incoming.body is not None and self._incoming.body.is_spooled
            self._began = (not spooled and self._began) or self.service.loop.time()  # a large body may take longer
            self._awaits_body_since, self.deadline = 0.0, FOREVER
            self.service.connections.complete(self)
        threads = self.service.threads_of(self._incoming.path, self._threads, early=self._early)
        threads.submit(self.share, self._work)

    def _work(self) -> None:
        """Call the application. Runs in a thread."""
        service, answer = self.service, None
        if service.loop.time() > self._began + service.limits.request_seconds:
            answer = service.refuse(*TOO_LATE, self._incoming.path)
        elif not self._closed:
            failed = partial(service.refuse, *FAILED, self._incoming.path)
            answer = call_application(service.application, self._environ, failed=failed)
        service.tell(self._on_response, answer)

    def _on_response(self, answer: Response | None) -> None:
        if answer is None and not self._closed and not self._over:  # the application needs the body
            self._busy = self._early = False
            if not self._incoming.has_arrived and self._incoming.head and self._incoming.head.expects_continue:
                self._transport.write(CONTINUE)
                self._incoming.head.expects_continue = False
            self._advance()
        elif answer is not None and answer.delay:
            self.service.loop.call_later(answer.delay, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: Response | None) -> None:
        self._busy = self._early = False
        head = self._incoming.head
        if answer is None or head is None or self._closed or self._over:  # the client does not wait for it any more
            self._incoming.forget()
            close_source(answer)
            return
        arrived = self._incoming.has_arrived
        keep = head.keep_alive and not self.service.stopping and (bool(self._incoming.received) or not self._ended)
        # Without 100 Continue a client may send the body or the next request (RFC 9110, section 10.1.1).
        keep = keep and (arrived or (self._incoming.can_be_drained and not head.expects_continue))
        self._incoming.forget()  # a client with the response may need the space of the stored body at once
        self._outgoing.write(answer, head, keep_alive=keep)
        self._environ, self._awaits_body_since = {}, 0.0
        self.service.connections.complete(self)
        self._busy = True
        self.deadline = self._outgoing.began_at + self.service.limits.answer_seconds
        then = partial(self._after_response, keep=keep, reads_on=not arrived or bool(self._incoming.received))
        self._outgoing.read_rest(answer, head, then)

    def _after_response(self, is_whole: bool, *, keep: bool, reads_on: bool) -> None:
        """Continue after a response; a truncated one ends the connection, so that the client notices."""
        self._busy = False
        if not is_whole:
            self.abort()
        elif not keep:
            self._finish(reads_on=reads_on)
        elif self._outgoing.is_unread:
            self._busy = self._next_is_due = True
        else:
            self._next_request()

    def _next_request(self) -> None:
        limits = self.service.limits
        self._began, self._called_at = 0.0, None
        reads_over = self._incoming.discarded is not None
        self.deadline = self._outgoing.began_at + (limits.body_seconds if reads_over else limits.idle_seconds)
        if not self._reading:
            self._reading = True
            self._transport.resume_reading()
        if self._incoming.received:
            self._advance()

    def _refuse(self, malformed: Malformed) -> None:
        """Send an error response and end the connection."""
        answer, head = self.service.refuse(malformed.status, str(malformed), self._incoming.path), self._incoming.head
        if not self._busy:  # otherwise a thread may be reading the body
            self._incoming.forget()
        self._outgoing.write(answer, head, keep_alive=False)
        self._finish(reads_on=malformed.is_too_large or self._transport.can_write_eof())  # TLS has no half-close

    def _finish(self, *, reads_on: bool) -> None:
        """End the connection once the client has read the response; until then, discard what it sends."""
        self._over, self._awaits_body_since = True, 0.0
        self._incoming.received.clear()
        self.service.connections.complete(self)
        if self._ended or not reads_on:
            self._close()
            return
        self._drain = Drain(self.service.limits, self.service.loop.time)
        self._drain_input(0)
        if self._transport.can_write_eof():  # over TLS, only "Connection: close" tells the client
            self._transport.write_eof()
        if not self._reading:
            self._transport.resume_reading()

    def _drain_input(self, size: int) -> None:
        if self._drain is not None:
            self.deadline = self._drain.deadline_after(size)
            if not self.deadline:
                self.abort()

    def _close(self) -> None:
        """End the connection once the written data is sent."""
        self._over = True
        self.deadline = self.service.loop.time() + self.service.limits.answer_seconds
        self._transport.close()
