"""Servers for tests: `transformers serve`, which speaks OpenAI's protocol, and sockets that misbehave."""

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.starting import Child, environment, fork
from tests.tiny import save_tiny

LIMIT_S = 240.0


def save_sampling_model(folder: Path) -> Path:
    """A tiny model that samples unless it is told otherwise: `transformers serve` goes by its files."""
    save_tiny(folder, seed=3)
    file = folder / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "do_sample": True}))
    return folder


@contextmanager
def transformers_serve(model: Path, log: Path) -> Iterator[str]:
    """Serve a model from this machine; gives the server's address."""
    port = _free_port()
    env = environment(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
    command = ["-c", "from transformers.cli.transformers import main; main()", "serve", str(model)]
    where = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with log.open("w") as out:
        server = Child(command, fork([*command, *where], [out.fileno()] * 3, env=env))
    try:
        _wait_for(port, server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _wait_for(port: int, server: Child, log: Path) -> None:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server did not come up: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def misbehaving(answer: Answer) -> Iterator[str]:
    """A server that does to every request what `answer` says; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer(self)

        def do_GET(self) -> None:
            send(self, 200, {"object": "list", "data": [{"id": "llama", "object": "model"}]})

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # looks so often for its end
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, status: int, body: object, **headers: str) -> None:
    """Answer with JSON."""
    data = json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def stream(handler: BaseHTTPRequestHandler, *words: str, finish: str | None) -> None:
    """Answer word by word; without a `finish` the connection ends in the middle."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    choices = [{"index": 0, "delta": {"content": word}, "finish_reason": None} for word in words]
    if finish is not None:
        choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    for choice in choices:
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "llama", "choices": [choice]}
        handler.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
    if finish is not None:
        handler.wfile.write(b"data: [DONE]\n\n")
