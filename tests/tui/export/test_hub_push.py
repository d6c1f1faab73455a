"""Adapters on the Hub, at a server of its protocol that is started here."""

import base64
import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.peft_folders import lora_folder
from tests.run_workspace import workbench_with_runs
from tests.still_workbench import StillWorkbench
from tui.errors import InputError
from tui.export.hub_push import PushFailed, allow_repository, push_adapter
from tui.workspace.consent import Consents, TextsStay

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content")  # of huggingface_hub's own upload
TOKEN = "hf_" + "x" * 34


class Hub(ThreadingHTTPServer):
    """Keeps repositories in memory: name → private or not, and the files of its commits."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.private: dict[str, bool] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.large: dict[str, bytes] = {}
        self.tokens: set[str | None] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        parts = self.path.partition("?")[0].split("/")
        name = "/".join(parts[3:5])
        if name not in self.server.private:
            self.send(404, {}, {"X-Error-Code": "RepoNotFound"})
        else:
            self.send(
                200, {"_id": "1", "id": name, "private": self.server.private[name], "sha": "0" * 40, "siblings": []}
            )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.tokens.add(self.headers.get("Authorization"))
        path = self.path.partition("?")[0]
        name = "/".join(path.split("/")[3:5])
        if name.startswith("closed/") or b"closed" in body[:80]:
            self.send(403, {"error": "you may not write here"})
        elif path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked.get('organization') or 'anna'}/{asked['name']}"
            if name in self.server.private:
                self.send(409, {"url": f"{self.server.address}/{name}"})
                return
            self.server.private[name] = asked.get("private") is True or asked.get("visibility") == "private"
            self.send(200, {"url": f"{self.server.address}/{name}", "name": name})
        elif path.endswith("/validate-yaml"):
            self.send(200, {"errors": [], "warnings": []})
        elif "/preupload/" in path:
            mode = lambda file: "lfs" if file.endswith(".safetensors") else "regular"  # noqa: E731
            files = [{"path": each["path"], "uploadMode": mode(each["path"]), "shouldIgnore": False, "oid": None}
                     for each in json.loads(body)["files"]]  # fmt: skip
            self.send(200, {"files": files})
        elif path.endswith("/info/lfs/objects/batch"):
            self.send(
                200, {"transfer": "basic", "objects": [self.place(each) for each in json.loads(body)["objects"]]}, {}
            )
        elif "/commit/" in path:
            self.commit(name, [json.loads(line) for line in body.splitlines() if line])
        else:
            self.send(200, {})

    def place(self, wanted: dict[str, Any]) -> dict[str, Any]:
        upload = {"href": f"{self.server.address}/large/{wanted['oid']}", "header": {}}
        return {**wanted, "authenticated": True, "actions": {"upload": upload}}

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        oid = self.path.rpartition("/")[2]
        assert hashlib.sha256(body).hexdigest() == oid
        self.server.large[oid] = body
        self.send(200, {})

    def commit(self, name: str, lines: list[dict[str, Any]]) -> None:
        files = self.server.files.setdefault(name, {})
        for each in lines:
            value = each["value"]
            if each["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif each["key"] == "lfsFile":
                files[value["path"]] = self.server.large[value["oid"]]
        url = f"{self.server.address}/{name}/commit/{'0' * 40}"
        self.send(200, {"commitUrl": url, "commitOid": "0" * 40, "success": True})

    def send(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        more = {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}
        for name, text in more.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.address)
    monkeypatch.setattr("huggingface_hub.hf_api.ENDPOINT", server.address, raising=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    """A workspace with the adapter taste-1."""
    with workbench_with_runs(tmp_path / "space") as workbench:
        registry = workbench.workspace.registry
        registry.publish(
            lora_folder(registry.staging()), name="taste-1", base_source="tiny-base", base_fingerprint="f" * 64,
            parent=None, run=1, pairs=2, pairs_fingerprint="e" * 64,
        )  # fmt: skip
        yield workbench


def test_an_adapter_goes_to_a_private_repository_with_its_card(hub: Hub, workbench: StillWorkbench) -> None:
    allow_repository(workbench.workspace, "anna/taste")
    assert push_adapter(workbench, "taste-1", "anna/taste") == f"{hub.address}/anna/taste"
    assert hub.private == {"anna/taste": True}
    files = hub.files["anna/taste"]
    assert files.keys() == {"README.md", "adapter_config.json", "adapter_model.safetensors", "palate.json"}
    (adapter,) = workbench.adapters()
    assert files["adapter_model.safetensors"] == (Path(adapter.folder) / "adapter_model.safetensors").read_bytes()
    card = files["README.md"].decode()
    assert 'PeftModel.from_pretrained(model, "anna/taste")' in card or "anna/taste" in card
    assert TOKEN not in card
    assert hub.tokens == {f"Bearer {TOKEN}"}
    assert push_adapter(workbench, "taste-1", "anna/taste")  # a second time into the same


def test_nothing_is_sent_before_the_repository_was_allowed(hub: Hub, workbench: StillWorkbench) -> None:
    with pytest.raises(TextsStay, match="--allow"):
        push_adapter(workbench, "taste-1", "anna/taste")
    assert hub.private == {}
    allow_repository(workbench.workspace, "anna/taste")
    assert [each.destination.kind for each in Consents(workbench.workspace).listed()] == ["hub"]
    with pytest.raises(TextsStay):
        push_adapter(workbench, "taste-1", "anna/other")


def test_a_repository_that_everyone_sees_is_refused_unless_it_is_meant(hub: Hub, workbench: StillWorkbench) -> None:
    hub.private["anna/open"] = False
    allow_repository(workbench.workspace, "anna/open")
    with pytest.raises(InputError, match="Everyone can see anna/open"):
        push_adapter(workbench, "taste-1", "anna/open")
    assert hub.files == {}
    assert push_adapter(workbench, "taste-1", "anna/open", public=True)


def test_the_hubs_refusals_come_in_words(hub: Hub, workbench: StillWorkbench) -> None:
    allow_repository(workbench.workspace, "closed/taste")
    with pytest.raises(PushFailed, match="does not let you write to closed/taste"):
        push_adapter(workbench, "taste-1", "closed/taste")
    hub.shutdown()
    hub.server_close()
    allow_repository(workbench.workspace, "anna/taste")
    with pytest.raises(PushFailed, match="cannot be reached"):
        push_adapter(workbench, "taste-1", "anna/taste")


@pytest.mark.parametrize("name", ["taste", "anna/", "a/b/c", "anna/taste-1; rm", "https://huggingface.co/anna/x"])
def test_a_name_that_is_no_repository_is_refused(workbench: StillWorkbench, name: str) -> None:
    with pytest.raises(InputError, match="USER/REPO"):
        push_adapter(workbench, "taste-1", name)
