"""One connection: reads a request, has it answered, and reads the next. All of it but ``_work`` runs in the loop."""

import asyncio
from collections.abc import Hashable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from controlplane.kernel.awaited_body import AwaitedBody, TooLargeBody
from controlplane.runtime.http.connection_limit import FOREVER
from controlplane.runtime.http.drain import Rest
from controlplane.runtime.http.incoming import Incoming
from controlplane.runtime.http.outgoing import Outgoing, let_go
from controlplane.runtime.http.request_head import Malformed
from controlplane.runtime.http.response import CONTINUE, FAILED, LATE_BODY, LATE_HEAD, TOO_LATE
from controlplane.runtime.http.threads import Threads
from controlplane.runtime.http.wsgi_call import EVERY_REQUEST, Answer, ask

if TYPE_CHECKING:
    from controlplane.runtime.http.service import Service


class Connection(asyncio.Protocol):
    """A member of the crowd; see ``crowd.Member``."""

    def __init__(self, service: "Service", threads: Threads, share: Hashable, environ: Mapping[str, Any]) -> None:
        self.service, self.share = service, share
        self.deadline = FOREVER
        self._threads = threads
        self._base = {**EVERY_REQUEST, **environ}
        self._environ: dict[str, Any] = {}
        self._transport: Any = None
        self._incoming = Incoming(service.limits, service.largest_body)
        self._began = 0.0  # when the first byte of the request came; 0 while none has
        self._awaits_body_since = 0.0
        self._busy = False
        """A thread has the request, or its answer is on its way."""
        self._early = False  # the request that a thread has lacks its body
        self._asked_at: int | None = None  # with so much of the body, it was asked early
        self._over = False  # the last answer is written
        self._rest: Rest | None = None  # what is read over behind it
        self._ended = False  # the client sends nothing more
        self._closed, self._reading = False, True
        self._outgoing = Outgoing(service)
        self._next_is_due = False  # the next request is read when the answer to the last one is

    # --- What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._outgoing.connect(transport)
        self.service.crowd.join(self)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._over:
            self._read_over(len(data))
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
            return self._transport.get_extra_info("ssl_object") is None  # what is asked is answered
        if not self._over:
            self._end_of_input()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self.service.crowd.leave(self)
        self._outgoing.end()
        if not self._busy:  # a thread may be reading it
            self._incoming.forget()

    def pause_writing(self) -> None:
        self.service.crowd.unread(self, self._outgoing.pause())
        if not self._outgoing.is_reading:
            self.deadline = self.service.loop.time() + self.service.limits.answer_seconds

    def resume_writing(self) -> None:
        self.service.crowd.read(self)
        self._outgoing.resume()
        if self._next_is_due and not self._closed:
            self._busy = self._next_is_due = False
            self._next_request()

    # --- What the crowd calls

    def look(self, now: float) -> None:
        since = self._awaits_body_since
        if since and self._asked_at is None and now > since + self.service.limits.early_seconds:
            self._ask_early()
        if now >= self.deadline:
            self._time_is_over(now)

    def abort(self) -> None:
        self._closed = True
        self.service.crowd.leave(self)
        self._outgoing.end()
        self._transport.abort()

    def close_unless_busy(self) -> None:
        """For a service that stops: what has not arrived is not waited for."""
        if self._early or not self._busy:
            self._close()

    def _time_is_over(self, now: float) -> None:
        limits = self.service.limits
        if self._outgoing.is_awaited:
            self.deadline = now + limits.answer_seconds
            if self._outgoing.is_too_slow():
                self.abort()
        elif self._over:
            self.abort()
        elif self._awaits_body_since:
            self.deadline = now + limits.body_seconds
            if self._incoming.body is None or not self._incoming.body.keeps_pace():
                self._refuse(LATE_BODY)
        elif self._incoming.has_begun:
            self._refuse(LATE_HEAD)
        else:
            self._close()

    # --- Reading

    def _advance(self) -> None:
        """Do what can be done with what has arrived."""
        incoming = self._incoming
        try:
            incoming.read()
        except Malformed as malformed:
            if incoming.unwanted is None:
                self._refuse(malformed)
            else:  # that request has its answer
                self._finish(reads_on=True)
            return
        if self._early or incoming.unwanted is not None:
            if incoming.unwanted is not None and incoming.unwanted.too_large:
                self._finish(reads_on=True)
            return
        if self._ended and not incoming.has_arrived:
            self._end_of_input()
        elif incoming.head is None:
            self._await_head_of_next()
        elif incoming.body is not None and incoming.body.too_large:
            self._hand_over(TooLargeBody(incoming.body.largest))
        elif incoming.has_arrived:
            self._hand_over()
        elif incoming.body is not None:
            if not self._awaits_body_since:
                self._await_body()
            if incoming.is_to_be_asked_about(self._asked_at):
                self._ask_early()  # before the disk has more of what may be refused

    def _end_of_input(self) -> None:
        if self._incoming.has_begun:
            self._refuse(Malformed(f"The request ends before its {'body' if self._incoming.head else 'head'} does."))
        else:
            self._close()

    def _await_head(self) -> None:
        """Wait for the rest of a head, or for the first bytes of the first one."""
        self._began = self.service.loop.time()
        self.deadline = self._began + self.service.limits.head_seconds
        self.service.crowd.arriving(self, self._began)

    def _await_head_of_next(self) -> None:
        if not self._incoming.received:
            self.deadline = self.service.loop.time() + self.service.limits.idle_seconds
        elif not self._began:
            self._await_head()

    def _await_body(self) -> None:
        self._awaits_body_since = self.service.loop.time()
        self._began = self._began or self._awaits_body_since
        self.deadline = self._awaits_body_since + self.service.limits.body_seconds
        self.service.crowd.arriving(self, self._awaits_body_since)

    # --- Having it answered

    def _ask_early(self) -> None:
        """Ask whether the request is refused without its body."""
        self._early, self._asked_at = True, self._incoming.size
        self._hand_over(AwaitedBody(self._asked_at))

    def _hand_over(self, body: AwaitedBody | None = None) -> None:
        self._environ = {**self._base, **self._incoming.environ(body)}
        self._busy = True
        if not self._early:
            spooled = self._incoming.body is not None and self._incoming.body.is_spooled
            self._began = (not spooled and self._began) or self.service.loop.time()  # a large body may take its time
            self._awaits_body_since, self.deadline = 0.0, FOREVER
            self.service.crowd.arrived(self)
        threads = self.service.threads_of(self._incoming.path, self._threads, early=self._early)
        threads.submit(self.share, self._work)

    def _work(self) -> None:
        """In a thread."""
        service, answer = self.service, None
        if service.loop.time() > self._began + service.limits.request_seconds:
            answer = service.refuse(*TOO_LATE, self._incoming.path)
        elif not self._closed:
            failed = partial(service.refuse, *FAILED, self._incoming.path)
            answer = ask(service.application, self._environ, failed=failed)
        service.tell(self._answered, answer)

    def _answered(self, answer: Answer | None) -> None:
        if answer is None and not self._closed and not self._over:  # it takes the body
            self._busy = self._early = False
            if not self._incoming.has_arrived and self._incoming.head and self._incoming.head.expects_continue:
                self._transport.write(CONTINUE)
                self._incoming.head.expects_continue = False
            self._advance()
        elif answer is not None and answer.after:
            self.service.loop.call_later(answer.after, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: Answer | None) -> None:
        self._busy = self._early = False
        head = self._incoming.head
        if answer is None or head is None or self._closed or self._over:  # nobody waits for it any more
            self._incoming.forget()
            let_go(answer)
            return
        arrived = self._incoming.has_arrived
        keep = head.keep_alive and not self.service.stopping and (bool(self._incoming.received) or not self._ended)
        # Whoever is not told to continue may send the body, or the next request (RFC 9110, section 10.1.1).
        keep = keep and (arrived or (self._incoming.can_be_read_over and not head.expects_continue))
        self._incoming.forget()  # who has the answer may need the room
        self._outgoing.write(answer, head, keep_alive=keep)
        self._environ, self._awaits_body_since = {}, 0.0
        self.service.crowd.arrived(self)
        self._busy = True
        self.deadline = self._outgoing.began_at + self.service.limits.answer_seconds
        then = partial(self._go_on, keep=keep, reads_on=not arrived or bool(self._incoming.received))
        self._outgoing.read_rest(answer, head, then)

    def _go_on(self, is_whole: bool, *, keep: bool, reads_on: bool) -> None:
        """The answer is written; or it broke off, and the client must notice."""
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
        self._began, self._asked_at = 0.0, None
        reads_over = self._incoming.unwanted is not None
        self.deadline = self._outgoing.began_at + (limits.body_seconds if reads_over else limits.idle_seconds)
        if not self._reading:
            self._reading = True
            self._transport.resume_reading()
        if self._incoming.received:
            self._advance()

    def _refuse(self, malformed: Malformed) -> None:
        """Say what is wrong, and end the connection."""
        answer, head = self.service.refuse(malformed.status, str(malformed), self._incoming.path), self._incoming.head
        if not self._busy:  # a thread may be reading it
            self._incoming.forget()
        self._outgoing.write(answer, head, keep_alive=False)
        self._finish(reads_on=malformed.is_too_large or self._transport.can_write_eof())  # TLS ends both ways at once

    def _finish(self, *, reads_on: bool) -> None:
        """End the connection when the client has read the answer; until then, what it sends on is read over."""
        self._over, self._awaits_body_since = True, 0.0
        self._incoming.received.clear()
        self.service.crowd.arrived(self)
        if self._ended or not reads_on:
            self._close()
            return
        self._rest = Rest(self.service.limits, self.service.loop.time)
        self._read_over(0)
        if self._transport.can_write_eof():  # over TLS, the answer alone says that it is the last one
            self._transport.write_eof()
        if not self._reading:
            self._transport.resume_reading()

    def _read_over(self, size: int) -> None:
        if self._rest is not None:
            self.deadline = self._rest.after(size)
            if not self.deadline:
                self.abort()

    def _close(self) -> None:
        """End the connection when what is written is sent."""
        self._over = True
        self.deadline = self.service.loop.time() + self.service.limits.answer_seconds
        self._transport.close()
