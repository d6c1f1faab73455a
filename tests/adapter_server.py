"""A small server of ours that speaks what vLLM, SGLang and llama.cpp speak beside answers: adapters and scores.

It misbehaves as those servers are known to: see `AdapterServer`.
"""

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.serving import send, stream

Scores = Callable[[str | None, list[int]], list[float]]
"""An adapter's path (None: the base) and token ids → the log-probability of every token but the first, in nats."""


def pretended_scores(path: str | None, ids: list[int]) -> list[float]:
    """Scores that depend on the adapter's files and on nothing else that could be checked."""
    salt = 0 if path is None else zlib.crc32(Path(path, "adapter_model.safetensors").read_bytes()) % 97
    return [-((each * 7 + salt * (each % 5)) % 23) / 10 - 0.1 for each in ids[1:]]


@dataclass
class AdapterServer:
    """What the server is, what it holds, and how it misbehaves.

    Attributes:
        protocol: vllm, sglang, llamacpp or openai.
        loads: False: the route to load adapters is missing, as in vLLM without its environment variable.
        as_base: adapters are loaded, and the base answers in silence.
        wrong: every adapter answers as the files in this folder.
        room: after more adapters than this the oldest is evicted in silence; None: no limit.
        refuses: path → (status, body) that it answers there.
        replicas: with 2, every other completion comes from a replica that has no adapter.
        gives_logps: False: replies hold no log-probabilities.
        most_words: the length of an answer.
        words: what every answer says; None: a few words that depend on model, prompt and seed.
    """

    protocol: str = "vllm"
    loads: bool = True
    as_base: bool = False
    wrong: Path | None = None
    room: int | None = None
    refuses: dict[str, tuple[int, Any]] = field(default_factory=dict)
    replicas: int = 1
    gives_logps: bool = True
    most_words: int = 8
    words: tuple[str, ...] | None = None
    scores: Scores = pretended_scores
    loaded: dict[str, str] = field(default_factory=dict)
    """Name → path of the adapters that it holds, the oldest first."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Path and body of every request."""
    keys: list[str] = field(default_factory=list)
    """What every request gave as its key."""
    url: str = ""

    def paths(self, path: str) -> list[dict[str, Any]]:
        """The bodies of the requests to this path."""
        return [body for each, body in self.asked if each == path]

    # -- replies -----------------------------------------------------------------------------------------------

    def reply(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """The status and the JSON for a request that is no chat."""
        if path in self.refuses:
            return self.refuses[path]
        match path:
            case "/v1/models":
                return 200, {"object": "list", "data": [*self._models()]}
            case "/lora-adapters" if self.protocol == "llamacpp":
                return 200, [{"id": at, "path": each, "scale": 1.0} for at, each in enumerate(self.loaded.values())]
            case "/server_info" if self.protocol == "sglang":
                return 200, {"enable_lora": self.loads}
            case "/v1/load_lora_adapter" if self.protocol == "vllm" and self.loads:
                return self._load(body)
            case "/load_lora_adapter" if self.protocol == "sglang" and self.loads:
                return self._load(body)
            case "/v1/unload_lora_adapter" | "/unload_lora_adapter":
                return self._unload(body)
            case "/tokenize" if self.protocol == "vllm":
                return 200, {"tokens": tokens_of(body), "max_model_len": 1024}
            case "/tokenize" if self.protocol == "llamacpp":
                return 200, {"tokens": list(body["content"].encode()) if "content" in body else []}
            case "/apply-template" if self.protocol == "llamacpp":
                return 200, {"prompt": "".join(f"[{each['role']}]{each['content']}" for each in body["messages"])}
            case "/completion" if self.protocol == "llamacpp":
                return self._write_one(body)
            case "/v1/completions":
                return self._complete(body)
        return 404, {"error": {"message": "Not Found", "code": 404}}

    def _models(self) -> Iterator[dict[str, Any]]:
        owner = self.protocol if self.protocol != "openai" else "someone"
        yield {"id": "base", "object": "model", "owned_by": owner, "root": "base", "parent": None}
        if self.protocol != "llamacpp":
            for name, path in self.loaded.items():
                yield {"id": name, "object": "model", "owned_by": owner, "root": path, "parent": "base"}

    def _load(self, body: dict[str, Any]) -> tuple[int, Any]:
        name, path = body.get("lora_name"), body.get("lora_path")
        if not name or not path:
            return 400, {"error": {"message": "Both 'lora_name' and 'lora_path' must be provided."}}
        if name in self.loaded:
            return 400, {"error": {"message": f"The lora adapter '{name}' has already been loaded."}}
        if not Path(path, "adapter_config.json").exists():
            return 404, {"error": {"message": f"No adapter found for {path}", "type": "NotFoundError"}}
        self.loaded[name] = path
        while self.room is not None and len(self.loaded) > self.room:
            self.loaded.pop(next(iter(self.loaded)))
        return 200, f"Success: LoRA adapter '{name}' added successfully."

    def _unload(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.loaded.pop(body.get("lora_name", ""), None) is None:
            return 404, {"error": {"message": "The lora adapter cannot be found."}}
        return 200, "Success: LoRA adapter removed successfully."

    def _complete(self, body: dict[str, Any]) -> tuple[int, Any]:
        known, path = self._policy(body)
        if len(self.paths("/v1/completions")) % self.replicas:
            known = body["model"] == "base"
        if not known:
            return 404, {"error": {"message": f"The model `{body['model']}` does not exist."}}
        prompt = body["prompt"]
        ids = prompt if isinstance(prompt, list) else list(prompt.encode())
        choice: dict[str, Any] = {"index": 0, "text": "", "finish_reason": "length"}
        if self.gives_logps and body.get("echo") and self.protocol != "llamacpp":
            choice["logprobs"] = {"token_logprobs": [None, *self.scores(path, ids), -0.5]}
        return 200, {"object": "text_completion", "choices": [choice]}

    def _write_one(self, body: dict[str, Any]) -> tuple[int, Any]:
        """The token that the bias forces, and its log-probability without the bias."""
        (token, bias), prompt = body["logit_bias"][0], body["prompt"]
        assert (body["n_predict"], bias > 1000) == (1, True)
        scores = self.scores(self._policy({**body, "model": "base"})[1], [*prompt, token])
        written = [{"id": token, "logprob": scores[-1], "top_logprobs": []}] if self.gives_logps else []
        return 200, {"content": "", "tokens_predicted": 1, "completion_probabilities": written}

    def _policy(self, body: dict[str, Any]) -> tuple[bool, str | None]:
        """Whether the model of a request is known, and the path of the adapter that answers; None: the base."""
        model = str(body["model"])
        name = model.removeprefix("base:") if self.protocol == "sglang" else model
        path = self.loaded.get(name)
        if self.protocol == "llamacpp":
            paths = [str(Path(each).parent) for each in self.loaded.values()]  # its files lie in the adapters' folders
            chosen = [each["id"] for each in body["lora"] if each["scale"]] if body.get("lora") else range(len(paths))
            path = paths[chosen[0]] if chosen else None
        if path is None:
            return model == "base", None
        return True, None if self.as_base else str(self.wrong or path)

    def words_of(self, body: dict[str, Any]) -> tuple[str, ...]:
        """The words of an answer."""
        if self.words is not None:
            return self.words
        asked = [body["messages"], body.get("seed"), self._policy(body)[1], self.most_words]
        digest = zlib.crc32(json.dumps(asked).encode())
        return tuple(f"{_WORDS[digest >> 4 * place % 32 & 15]} " for place in range(self.most_words))


_WORDS = ("red", "blue", "sky", "leaf", "rain", "light", "air", "tree", "cold", "warm", "sun", "sea", "salt", "ice")
_WORDS += ("stone", "wind")


def tokens_of(body: dict[str, Any]) -> list[int]:
    """The tokens of a text or of messages: their bytes; turns are ended by 3, and 2 begins an answer."""
    if "prompt" in body:
        return list(body["prompt"].encode())
    ids: list[int] = []
    for each in body["messages"]:
        ids += [2 if each["role"] == "assistant" else 1, *each["content"].encode(), 3]
    return ids + ([2] if body.get("add_generation_prompt", True) else [])


@contextmanager
def adapter_server(server: AdapterServer) -> Iterator[AdapterServer]:
    """Run the server on this machine; its `url` says where."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._note({})
            send(self, *server.reply(self.path, {}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._note(body)
            if self.path != "/v1/chat/completions" or self.path in server.refuses:
                send(self, *server.reply(self.path, body))
            elif not server._policy(body)[0]:
                send(self, 404, {"error": {"message": f"The model `{body['model']}` does not exist."}})
            elif body.get("stream"):
                stream(self, *server.words_of(body), finish="stop")
            else:
                message = {"role": "assistant", "content": "".join(server.words_of(body))}
                send(self, 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

        def _note(self, body: dict[str, Any]) -> None:
            server.asked.append((self.path, body))
            server.keys.append(self.headers.get("Authorization", ""))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{listener.server_address[1]}/v1"
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
