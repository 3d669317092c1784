"""Where messages arrive: a mail server and a web server on loopback, as small as real clients accept."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Sink:
    """What arrived, in order; `refuses` makes it answer with an error until it is unset."""

    port: int = 0
    refuses: bool = False
    mails: list[Message] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    @property
    def titles(self) -> list[str]:
        """One line a message: a mail's subject, a post's first line."""
        mails = [str(make_header(decode_header(mail["Subject"]))) for mail in self.mails]
        return mails + [post["text"].splitlines()[0] for post in self.posts]

    @property
    def bodies(self) -> list[str]:
        """The text of each mail."""
        parts = [part for mail in self.mails for part in mail.walk() if part.get_content_maintype() == "text"]
        return [bytes(part.get_payload(decode=True)).decode() for part in parts]


@contextmanager
def mail_server() -> Iterator[Sink]:
    """SMTP without TLS or login: EHLO, MAIL, RCPT, DATA, QUIT."""
    sink = Sink()

    class Session(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 sink")
            while line := self.rfile.readline().decode():
                verb = line[:4].upper().strip()
                if verb == "DATA":
                    self.say("354 go on")
                    body = b"".join(iter(self.rfile.readline, b".\r\n"))
                    sink.mails.append(message_from_bytes(body))
                if verb == "MAIL" and sink.refuses:
                    self.say("451 later")
                    continue
                self.say("221 bye" if verb == "QUIT" else "250 sink")
                if verb == "QUIT":
                    return

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session), sink):
        yield sink


@contextmanager
def web_server() -> Iterator[Sink]:
    """An incoming webhook: takes JSON by POST."""
    sink = Sink()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = 503 if sink.refuses else sink.status
            if status == 200:
                sink.posts.append(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Hook), sink):
        yield sink


@contextmanager
def serving(server: socketserver.TCPServer, sink: Sink) -> Iterator[None]:
    sink.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
