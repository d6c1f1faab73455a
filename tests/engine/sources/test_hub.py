"""Hub models, from a server of the Hub's protocol that is started here."""

import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from huggingface_hub import hf_hub_download

from engine.errors import DownloadError, ModelError
from engine.events import Progress, SourceReady
from engine.sources.hub import prepare_hub
from tests.tiny import save_tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub(ThreadingHTTPServer):
    """Serves models out of memory: id → file name → bytes. Ids under `locked/` ask for a licence."""

    models: dict[str, dict[str, bytes]]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.models = {}
        self.requested: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: FakeHub

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = self.path.partition("?")[0]
        self.server.requested.append(path)
        parts = path.removeprefix("/api/models").strip("/").split("/")
        model = "/".join(parts[:2])
        files = self.server.models.get(model)
        if model.startswith("locked/"):
            self.send(403, b"{}", {"X-Error-Code": "GatedRepo"})
        elif files is None:
            self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif path.startswith("/api/") and "tree" in parts:
            self.send_json([self.entry(name, data) for name, data in files.items()])
        elif path.startswith("/api/"):
            siblings = [{"rfilename": name} for name in files]
            self.send_json({"_id": "1", "id": model, "sha": COMMIT, "siblings": siblings})
        else:
            data = files["/".join(parts[4:])]  # /OWNER/NAME/resolve/COMMIT/FILE
            self.send(200, data, {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'})

    def entry(self, name: str, data: bytes) -> dict[str, Any]:
        return {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}

    def send_json(self, value: Any) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    server = FakeHub()
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()  # looks so often for its end
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    yield server
    server.shutdown()
    server.server_close()


def published(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def fetched(hub: FakeHub, name: str) -> Path:
    """One file of owner/tiny, as another tool puts it into the cache."""
    return Path(hf_hub_download("owner/tiny", name, endpoint=hub.address))


def test_a_model_is_downloaded_once_and_only_what_is_needed(hub: FakeHub, tmp_path: Path) -> None:
    files = published(save_tiny(tmp_path / "tiny"))
    others = {"pytorch_model.bin": b"x", "code.py": b"x", "README.md": b"x", "onnx/model.safetensors": b"x"}
    hub.models["owner/tiny"] = {**files, **others}
    events = list(prepare_hub("owner/tiny"))
    ready = events[-1]
    assert isinstance(ready, SourceReady)
    assert published(Path(ready.location)) == files
    bytes_done = [event for event in events if isinstance(event, Progress) and event.total]
    assert bytes_done[-1].done == bytes_done[-1].total == sum(map(len, files.values()))
    asked = len(hub.requested)
    assert list(prepare_hub("owner/tiny")) == [ready]
    assert len(hub.requested) == asked


@pytest.mark.parametrize("there", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_cache_that_another_tool_filled_in_part_is_completed(hub: FakeHub, tmp_path: Path, there: str) -> None:
    """`palate doctor` fetches config.json alone, before the first start."""
    files = hub.models["owner/tiny"] = published(save_tiny(tmp_path / "tiny"))
    held = fetched(hub, there).parent
    if there == "model.safetensors":  # what a tool without a tokenizer fetches
        fetched(hub, "config.json")
    ready = list(prepare_hub("owner/tiny"))[-1]
    assert ready == SourceReady("owner/tiny", str(held))
    assert published(held) == files


def test_a_file_that_is_gone_from_the_cache_is_fetched_again(hub: FakeHub, tmp_path: Path) -> None:
    files = hub.models["owner/tiny"] = published(save_tiny(tmp_path / "tiny"))
    ready = list(prepare_hub("owner/tiny"))[-1]
    assert isinstance(ready, SourceReady)
    weights = Path(ready.location) / "model.safetensors"
    weights.resolve().unlink()  # the snapshot's link stays
    assert list(prepare_hub("owner/tiny"))[-1] == ready
    assert published(Path(ready.location)) == files


def test_a_part_of_a_model_without_network_is_told_as_a_missing_model(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.models["owner/tiny"] = published(save_tiny(tmp_path / "tiny"))
    fetched(hub, "config.json")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"cannot be reached.*Connect to the network"):
        list(prepare_hub("owner/tiny"))


def test_python_files_come_only_when_they_are_trusted(hub: FakeHub, tmp_path: Path) -> None:
    hub.models["owner/coded"] = {**published(save_tiny(tmp_path / "tiny")), "own.py": b"# code"}
    assert list(prepare_hub("owner/coded"))
    ready = list(prepare_hub("owner/coded", code=True))[-1]
    assert isinstance(ready, SourceReady)
    assert (Path(ready.location) / "own.py").read_bytes() == b"# code"


def test_refusals_come_in_words_before_any_weights(hub: FakeHub) -> None:
    hub.models["owner/pickled"] = {"config.json": b"{}", "pytorch_model.bin": b"x"}
    hub.models["owner/lora"] = {"adapter_config.json": b"{}", "adapter_model.safetensors": b"x"}
    expected = {
        "nobody/nothing": "no model nobody/nothing",
        "locked/model": "only to those who accept its licence",
        "owner/pickled": "no safetensors weights",
        "owner/lora": "an adapter, not a model",
    }
    for hub_id, words in expected.items():
        with pytest.raises(ModelError, match=words):
            list(prepare_hub(hub_id))
    assert not any("resolve" in path for path in hub.requested)


def test_without_network_it_says_what_to_do(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"not on this machine.*cannot be reached.*Connect to the network"):
        list(prepare_hub("owner/tiny"))
    assert hub.requested == []
