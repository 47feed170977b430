"""Serves the rendered book on this machine, so that its search can read its index."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from efficient_ai.errors import EfficientAIError


class Handler(SimpleHTTPRequestHandler):
    """Serves files without a line for each; pages change when they are rendered again, so nothing is kept."""

    extensions_map: ClassVar = {**SimpleHTTPRequestHandler.extensions_map, ".wasm": "application/wasm"}

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def server(book_dir: Path, port: int) -> ThreadingHTTPServer:
    """A server of the book on 127.0.0.1, not yet running; port 0 takes a free one."""
    if not (Path(book_dir) / "index.html").exists():
        raise EfficientAIError(f"no rendered book in {book_dir}: run `efficient-ai book` first")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(book_dir)))
    except OSError as error:
        raise EfficientAIError(f"port {port} cannot be used ({error.strerror}); try another with --port") from None


def serve(book_dir: Path, port: int) -> None:
    """Serve the book until interrupted."""
    with server(book_dir, port) as running:
        print(f"http://127.0.0.1:{running.server_address[1]}/ (Ctrl-C ends it)", file=sys.stderr, flush=True)
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            print(file=sys.stderr)
