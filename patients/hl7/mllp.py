"""The wire: messages between a start byte and an end byte, each answered before the next.

Own framing, because python-hl7's reader has no time limit and stops at one stray byte: here a
frame has a most of bytes and of seconds, a listener a most of connections, and whatever comes
is answered. Blocking work runs in threads, one message of a connection at a time.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

log = logging.getLogger(__name__)

START, END = b"\x0b", b"\x1c"
BETWEEN = b"\r\n"  # what senders put between frames
LAST_WORDS_SECONDS = 2.0


@dataclass(frozen=True)
class Limits:
    most_bytes: int = 4 * 1024 * 1024
    frame_seconds: float = 30.0  # from a frame's first byte to its last
    idle_seconds: float = 60 * 60.0  # between frames
    connections: int = 32
    threads: int = 4


class BadFrame(Exception):
    """What came is no frame; the text is a sentence for the sender."""


class Listener:
    """Answers frames. `answer` gets a frame's bytes in a thread and gives the answer's.

    `refuse` makes an answer of a sentence, for what never became a frame.
    """

    def __init__(
        self,
        answer: Callable[[bytes], bytes],
        refuse: Callable[[str], bytes],
        limits: Limits,
    ):
        self.answer, self.refuse, self.limits = answer, refuse, limits
        self.threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="hl7")
        self.open = 0
        self.server: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; return the port, which the system chooses when 0 was asked for."""
        self.server = await asyncio.start_server(
            self._converse, host, port, limit=self.limits.most_bytes, ssl=tls
        )
        return self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()
        # What has begun is finished: its sender still gets the answer or asks again.
        await asyncio.to_thread(self.threads.shutdown, wait=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            if self.open <= self.limits.connections:
                await self._answer_all(reader, writer)
            else:
                log.warning("More than %s connections: one was closed", self.limits.connections)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            pass  # the sender went away, or says nothing: it will come again
        finally:
            self.open -= 1
            writer.close()
            with suppress(ConnectionError, TimeoutError, ssl.SSLError):
                await writer.wait_closed()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                frame = await self._frame(reader)
            except BadFrame as refusal:
                await self._say(writer, self.refuse(str(refusal)))
                await self._hang_up(reader, writer)
                return
            if frame is None:
                return
            if frame:
                said = await loop.run_in_executor(self.threads, self.answer, frame)
            else:
                said = self.refuse("A message stands between the bytes 0B and 1C. This did not.")
            await self._say(writer, said)

    async def _frame(self, reader: asyncio.StreamReader) -> bytes | None:
        """What one frame holds, b"" when it did not begin, None at the end of all."""
        first = await asyncio.wait_for(_first_byte(reader), self.limits.idle_seconds)
        if not first:
            return None
        if first == END:
            return b""
        try:
            rest = await asyncio.wait_for(reader.readuntil(END), self.limits.frame_seconds)
        except asyncio.LimitOverrunError:
            raise BadFrame(
                f"The message is larger than {self.limits.most_bytes} bytes. Send it as a file."
            ) from None
        except asyncio.IncompleteReadError:
            raise BadFrame("The message ended before its end byte. Send it again.") from None
        except TimeoutError:
            raise BadFrame("The message did not end in time. Send it again.") from None
        # Bytes outside a frame mean nothing; a sender that began anew meant the last beginning.
        _outside, start, frame = (first + rest).removesuffix(END).rpartition(START)
        return frame if start else b""

    async def _hang_up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """End the conversation so that the answer arrives: unread bytes would reset the line."""
        if writer.can_write_eof():
            writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                while await reader.read(64 * 1024):
                    pass

    async def _say(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        writer.write(START + answer + END + b"\r")
        await asyncio.wait_for(writer.drain(), self.limits.frame_seconds)


async def _first_byte(reader: asyncio.StreamReader) -> bytes:
    while (byte := await reader.read(1)) and byte in BETWEEN:
        pass
    return byte
