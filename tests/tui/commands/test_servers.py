"""`palate servers`: the list, what a server offers, and whether texts may go there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.adapter_server import AdapterServer, adapter_server
from tui.cli import main

Invoke = Callable[..., Result]


@pytest.fixture
def palate(tmp_path: Path) -> Invoke:
    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, ["--workspace", str(tmp_path / "space"), *words])

    return invoke


def records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_server_is_added_tried_and_removed(palate: Invoke) -> None:
    with adapter_server(AdapterServer()) as served:
        # without its key it cannot be asked what it is
        added = records(palate("servers", "add", "box", served.url, "--model", "base", "--key-env", "BOX", "--json"))
        assert (added[0]["protocol"], added[0]["key_env"]) == ("openai", "BOX")
        assert "The environment variable BOX is not set" in palate("servers", "try", "box").output
        assert records(palate("servers", "list", "--json")) == added
    assert palate("servers", "remove", "box").exit_code == 0
    assert records(palate("servers", "--json")) == []


def test_what_a_server_offers_is_told_and_one_that_is_gone_ends_with_1(palate: Invoke) -> None:
    with adapter_server(AdapterServer()) as served:
        palate("servers", "add", "box", served.url, "--model", "base", "--protocol", "openai")
        report = records(palate("servers", "try", "box", "--json"))[0]
        assert (report["is_up"], report["adapters"], report["logps"]) == (True, True, True)
        assert "an answer of 4 tokens" in palate("servers", "try", "box").output
        assert records(palate("servers", "--json"))[0]["protocol"] == "vllm"
    gone = palate("servers", "try", "box")
    assert (gone.exit_code, "Nothing listens" in gone.output) == (1, True)


def test_texts_go_to_another_machine_only_once_that_is_allowed(palate: Invoke) -> None:
    add = ("servers", "add", "box", "http://box.invalid:8000/v1", "--model", "m", "--protocol", "vllm")
    told = palate(*add)
    assert "before you allow it: `palate servers allow box`" in told.output
    assert not records(palate("servers", "--json"))[0]["allowed"]
    palate("servers", "allow", "box")
    assert records(palate("servers", "--json"))[0]["allowed"]
    palate("servers", "forbid", "box")
    assert not records(palate("servers", "--json"))[0]["allowed"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "a b", "http://box", "--model", "m"), "cannot be called 'a b'"),
        (("add", "server", "http://box", "--model", "m"), "is not 'server'"),
        (("add", "box", "box:8000", "--model", "m"), "http://localhost:8000"),
        (("add", "box", "http://me:pw@box", "--model", "m"), "environment variable"),
        (("remove", "box"), "There is no server 'box'"),
        (("try", "server"), "There is no server 'server'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(palate: Invoke, words: tuple[str, ...], said: str) -> None:
    refused = palate("servers", *words)
    assert refused.exit_code != 0
    assert said in refused.output


def test_the_server_of_the_settings_is_one_of_the_list(palate: Invoke) -> None:
    palate("settings", "server", "http://box.invalid:8000/v1")
    palate("settings", "server_model", "llama")
    assert [(each["name"], each["model"]) for each in records(palate("servers", "--json"))] == [("server", "llama")]
    assert "`palate settings server none`" in palate("servers", "remove", "server").output


def test_doctor_lists_where_texts_may_go(palate: Invoke) -> None:
    for name in ("box", "other"):
        url = f"http://{name}.invalid/v1"
        palate("servers", "add", name, url, "--model", "m", "--protocol", "vllm", *(["--allow"] * (name == "box")))
    told = list(map(json.loads, palate("doctor", "--json").stdout.splitlines()))
    assert any(each["area"] == "texts go to" and "server http://box.invalid" in each["text"] for each in told)
    assert any(each["area"] == "servers" and "palate servers allow other" in each["text"] for each in told)


def test_a_server_that_was_removed_can_be_forbidden(palate: Invoke) -> None:
    add = ("servers", "add", "box", "http://box.invalid:8000/v1", "--model", "m", "--protocol", "vllm")
    palate(*add, "--allow")
    palate("servers", "remove", "box")
    assert palate("servers", "forbid", "box").exit_code == 0
    palate(*add)
    assert not records(palate("servers", "--json"))[0]["allowed"]
    nobody = palate("servers", "forbid", "nobody")
    assert (nobody.exit_code, "no server 'nobody'" in nobody.output) == (1, True)


def test_another_place_is_forbidden_as_doctor_names_it(palate: Invoke) -> None:
    assert palate("settings", "hook", "https://Phone.invalid/done").exit_code == 0
    assert "hook phone.invalid, allowed" in palate("doctor").stdout
    assert palate("servers", "forbid", "phone.invalid").exit_code == 0
    assert "phone.invalid, allowed" not in palate("doctor").stdout
    assert palate("servers", "forbid", "phone.invalid").exit_code == 1  # there is nothing to forbid now
