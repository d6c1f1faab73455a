"""What a server says of itself: which program it is, and what it offers beside answers."""

import pytest

from engine.chat_servers.address import Server
from engine.chat_servers.inspection import inspect_server
from tests.adapter_server import AdapterServer, adapter_server


@pytest.mark.parametrize(
    ("protocol", "adapters", "logps"),
    [("vllm", True, True), ("sglang", True, True), ("llamacpp", False, False), ("openai", False, True)],
)
def test_a_server_is_known_by_its_lists(protocol: str, adapters: bool, logps: bool) -> None:
    with adapter_server(AdapterServer(protocol)) as served:
        report = inspect_server(Server(served.url, "base"))
    assert (report.is_up, report.protocol, report.models) == (True, protocol, ("base",))
    assert (report.adapters[0], report.logps[0]) == (adapters, logps)
    assert report.answer_s is not None
    assert report.list_s is not None
    assert served.loaded == {}


def test_vllm_without_its_variable_says_what_is_missing() -> None:
    with adapter_server(AdapterServer(loads=False, gives_logps=False)) as served:
        report = inspect_server(Server(served.url, "base"))
    assert not report.adapters[0]
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1" in report.adapters[1]
    assert not report.logps[0]
    assert "no log-probabilities" in report.logps[1]


def test_a_wrong_model_and_a_server_that_is_gone_are_told_apart() -> None:
    with adapter_server(AdapterServer()) as served:
        wrong = inspect_server(Server(served.url, "other"))
    gone = inspect_server(Server(served.url, "base"))
    assert wrong.problem is not None
    assert "no model 'other'" in wrong.problem
    assert gone.problem is not None
    assert "Nothing listens" in gone.problem


def test_no_key_goes_anywhere_but_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOX_KEY", "sk-secret")
    with adapter_server(AdapterServer()) as other, adapter_server(AdapterServer()) as served:
        served.refuses["/v1/models"] = (307, {})
        inspect_server(Server(served.url, "base", "BOX_KEY"))
        assert {*served.keys} == {"Bearer sk-secret"}
        assert other.asked == []
