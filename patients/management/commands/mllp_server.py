"""`manage.py mllp_server`: laboratories send HL7 v2 results here, each message is answered."""

import asyncio
import signal
import ssl
from functools import partial

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils import timezone

from patients.hl7 import answers, mllp
from patients.models import LabSource
from patients.services import hl7messages
from patients.services.hl7messages import Terms

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Command(BaseCommand):
    help = "Listen for HL7 v2 results (ORU^R01) over MLLP, until Ctrl-C or SIGTERM."

    def add_arguments(self, parser):
        limits = mllp.Limits()
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=2575, help="0: any that is free")
        parser.add_argument("--source", help="laboratory whose messages these are; else MSH-4")
        parser.add_argument("--tls-cert", help="certificate chain (PEM)")
        parser.add_argument("--tls-key", help="its key (PEM)")
        parser.add_argument("--tls-client-ca", help="demand certificates signed by this one (PEM)")
        parser.add_argument("--max-bytes", type=int, default=limits.most_bytes, help="of a message")
        parser.add_argument("--max-connections", type=int, default=limits.connections)
        parser.add_argument("--frame-seconds", type=float, default=limits.frame_seconds,
                            help="that a message may take to arrive")  # fmt: skip
        parser.add_argument("--processing-ids", default="P",
                            help="values of MSH-11 that are taken, such as P,T")  # fmt: skip

    def handle(self, *, host, port, source, tls_cert, tls_key, tls_client_ca, **options):
        tls = _tls(tls_cert, tls_key, tls_client_ca)
        if tls is None and host not in LOOPBACK:
            self.stderr.write(
                "Messages travel unencrypted. Use --tls-cert and --tls-key, or a tunnel."
            )
        terms = Terms(
            lab_source=_source(source),
            processing_ids=frozenset(options["processing_ids"].upper().split(",")),
        )
        limits = mllp.Limits(
            most_bytes=options["max_bytes"],
            connections=options["max_connections"],
            frame_seconds=options["frame_seconds"],
        )
        listener = mllp.Listener(partial(_answer, terms=terms), _refuse, limits)
        try:
            asyncio.run(self._listen(listener, host, port, tls, terms))
        except OSError as trouble:
            raise CommandError(f"Cannot listen on {host}:{port}: {trouble.strerror}.") from trouble

    async def _listen(self, listener, host, port, tls, terms) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        taken = await asyncio.to_thread(_take_unanswered, terms)
        if taken:
            self.stdout.write(f"{taken} messages of the last run were taken.")
        port = await listener.start(host, port, tls)
        self.stdout.write(f"Listening for HL7 on {host}:{port}.")
        self.stdout.flush()
        await stopped.wait()
        await listener.stop()


def _answer(raw: bytes, *, terms: Terms) -> bytes:
    """One message, in a thread of its own connection to the database."""
    close_old_connections()
    try:
        return hl7messages.answer(raw, terms=terms, now=timezone.now()).encode()
    finally:
        close_old_connections()


def _refuse(sentence: str) -> bytes:
    return answers.reject_unread(sentence, now=timezone.now()).encode()


def _take_unanswered(terms: Terms) -> int:
    close_old_connections()
    try:
        return hl7messages.take_unanswered(terms=terms)
    finally:
        close_old_connections()


def _source(name: str | None) -> LabSource | None:
    if not name:
        return None
    source, _is_new = LabSource.objects.get_or_create(name=name)
    return source


def _tls(certificate: str | None, key: str | None, client_ca: str | None):
    if not certificate:
        if key or client_ca:
            raise CommandError("--tls-key and --tls-client-ca need --tls-cert.")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_ca:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as trouble:
        raise CommandError(f"The certificate or its key cannot be used: {trouble}.") from trouble
    return context
