"""An adapter published on a server, and probed: does the server really answer as the adapter that was trained?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

from adapters.manifest import Adapter
from adapters.servable import PREFIX, check_servable, publish_copy, served_name
from db import comparisons as db_comparisons
from db import metrics as db_metrics
from db.interchange.selection import Selection, judged_pairs
from db.pair_rows import ComparisonRow
from db.prompt_rows import with_system
from engine.chat_servers.adapters import (
    AdapterNotServed,
    Target,
    adapter_target,
    base_target,
    held_adapters,
    load_adapter,
    unload_adapter,
)
from engine.chat_servers.calls import ServerCalls
from engine.chat_servers.inspection import LLAMACPP
from engine.chat_servers.scores import (
    LEAST_EXPLAINED,
    LEAST_MOVED,
    PolicyScores,
    answer_ids,
    explained,
    pieces_written,
    score_text,
    score_written,
)
from engine.config import TrainConfig
from engine.errors import ServerError
from engine.preference import AS_TEMPLATE, PreferencePair
from tui.compute.scheduler import Priority, WorkSteps
from tui.compute.services import Services
from tui.errors import InputError
from tui.events import WorkbenchNotice
from tui.generation.policies import ServedPolicy, policy_by_name
from tui.workspace.consent import Consents
from tui.workspace.servers import ServerList
from tui.workspace.settings import AT

MOST_HELD = 4
"""Adapters of ours that a server holds; the oldest is unloaded before another one is loaded."""
LONGEST_LOAD_S = 300.0
"""A large adapter takes a server a while."""
_LONGEST_HERE_S = 600.0
"""How long scoring a pair here may take, which may have to wait for other jobs."""
KEPT_PROBES, _MOST_KEPT = "probes", 8
"""The setting under which the scores here lie, with the tokens of their texts; forgetting a prompt drops them all."""
_LONGEST_TEXT = 3000
"""Most characters of a probe's texts, so that it is quick and fits into every server's context."""
MOST_WRITTEN = 32
"""Most tokens of an answer that llama.cpp scores, because each of them takes a request."""


@dataclass(frozen=True)
class ProbeText:
    """A pair to score, as tokens, or as texts where nobody here can encode them."""

    prompt: tuple[int, ...] | str
    answers: tuple[tuple[int, ...] | str, tuple[int, ...] | str]


@dataclass(frozen=True)
class LocalProbe:
    """The pair and its scores under base and adapter, as computed here once; both answers one after the other."""

    text: ProbeText
    scores: PolicyScores

    def shortened(self, most: int) -> LocalProbe:
        """The same with at most so many tokens of each answer."""
        first, second = self.text.answers
        kept = [*range(len(first))[:most], *range(len(first), len(first) + len(second))[:most]]
        base, tuned = ([scores[at] for at in kept] for scores in (self.scores.base, self.scores.tuned))
        scores = PolicyScores(tuple(base), tuple(tuned))
        return LocalProbe(ProbeText(self.text.prompt, (first[:most], second[:most])), scores)


@dataclass(frozen=True)
class Probe:
    """What a server showed: adapter minus base of a pair in nats, there and here; `share` as `explained` has it.

    `here` and `share` are None where the adapter was never scored here. `name` is the one at the server.
    """

    name: str
    served: float
    here: float | None = None
    share: float | None = None

    @property
    def words(self) -> str:
        """The figures in a sentence."""
        there = f"It moves a pair of the run by {self.served:+.2f} nats there"
        if self.here is None:
            return f"{there}; it was not compared with the model here, which is not loaded."
        return f"{there} and by {self.here:+.2f} here."


def target_of(policy: ServedPolicy, services: Services) -> Target:
    """Whom to ask at the server; an adapter is published and probed before its first answer. It blocks.

    It is called before each batch of texts, so that what is forbidden meanwhile stops work that has begun.

    Raises:
        TextsStay: texts may no longer be sent there.
        AdapterNotServed: the server cannot answer with the adapter, or answers with something else.
        AdapterError: servers cannot load such an adapter.
        ServerError: the server cannot be reached.
    """
    if policy.on.id is not None and not Consents(services.workspace).may_go_to(policy.on.destination):
        raise ServerList.unallowed(policy.on)
    with ServerCalls(policy.server, timeout_s=LONGEST_LOAD_S) as calls:
        if policy.adapter is None:
            return base_target(calls, policy.on.protocol)
        name = served_name(policy.adapter)
        with services.probed.lock:
            held = policy.on.protocol == LLAMACPP or name in held_adapters(calls, policy.on.protocol)
            if not held or (policy.on.id, name) not in services.probed.passed:
                probe = _publish(calls, policy, policy.adapter, services)
                services.publish(WorkbenchNotice(f"{policy.name} answers", probe.words))
        return adapter_target(calls, policy.on.protocol, name)


def publish_by_name(adapter: str, server: str, services: Services) -> Probe:
    """Publish the adapter of this name on a server and probe it. See `publish_on_server` for errors.

    Raises:
        InputError: it is the base, or there is no such server.
    """
    policy = policy_by_name(f"{adapter}{AT}{server}", services)
    if not isinstance(policy, ServedPolicy) or policy.adapter is None:
        raise InputError("A server has its base already. Name an adapter to publish.")
    return publish_on_server(policy, services)


def publish_on_server(policy: ServedPolicy, services: Services) -> Probe:
    """Publish an adapter on a server, and probe it in any case. It blocks. Raises what `target_of` does."""
    assert policy.adapter is not None
    with ServerCalls(policy.server, timeout_s=LONGEST_LOAD_S) as calls, services.probed.lock:
        return _publish(calls, policy, policy.adapter, services)


def _publish(calls: ServerCalls, policy: ServedPolicy, adapter: Adapter, services: Services) -> Probe:
    check_servable(adapter)
    services.workspace.registry.verify(adapter.manifest.id)
    protocol, name = policy.on.protocol, served_name(adapter)
    held = held_adapters(calls, protocol)
    if name not in held:
        ours = [each for each in held if each.startswith(PREFIX)]
        for oldest in ours[: max(len(ours) - MOST_HELD + 1, 0)]:
            unload_adapter(calls, protocol, oldest)
            services.probed.passed.discard((policy.on.id, oldest))
        load_adapter(calls, protocol, name, _path(adapter, policy, services))
    try:
        probe = _probe(calls, policy, adapter, services)
    except AdapterNotServed:
        unload_adapter(calls, protocol, name)
        raise
    services.probed.passed.add((policy.on.id, name))
    return probe


def _path(adapter: Adapter, policy: ServedPolicy, services: Services) -> str:
    """Where the server reads the adapter: in the workspace, or in the folder that both see."""
    here, there = ServerList(services.workspace).folder_of(policy.on)
    if here is None:
        return str(adapter.folder.absolute())
    try:
        return f"{there or here}/{publish_copy(adapter, here).name}"
    except OSError as error:
        raise AdapterNotServed(f"The adapter cannot be copied into {here}: {error}. Choose another folder.") from error


def served_margins(policy: ServedPolicy, services: Services, pairs: Sequence[PreferencePair]) -> dict[int, float]:
    """The margins of pairs under an adapter on a server, by the pair's key: reward of chosen − rejected. It blocks.

    Raises:
        AdapterError, ServerError: see `target_of`; or the server gives no log-probabilities, or does not tell tokens.
    """
    if policy.on.protocol == LLAMACPP:
        raise ServerError(
            "A server of llama.cpp scores one token a request, which is too slow for the order margin. Choose another "
            "order, or a server of vLLM."
        )
    tuned = target_of(policy, services)
    margins = {}
    with ServerCalls(policy.server) as calls:
        targets = base_target(calls, policy.on.protocol), tuned
        for pair in pairs:
            moved = []
            for answer in (pair.chosen, pair.rejected):
                prompt, ids = answer_ids(calls, pair.prompt, answer)
                base, own = (math.fsum(score_text(calls, each, [*prompt, *ids], len(prompt))) for each in targets)
                moved.append(own - base)
            margins[int(pair.key)] = TrainConfig().beta * (moved[0] - moved[1])
    return margins


# -- probing -----------------------------------------------------------------------------------------------------


def _probe(calls: ServerCalls, policy: ServedPolicy, adapter: Adapter, services: Services) -> Probe:
    """Compare adapter minus base there with the same here.

    Raises:
        AdapterNotServed: the server answers as the base, or otherwise than the adapter.
    """
    protocol, name = policy.on.protocol, served_name(adapter)
    targets = base_target(calls, protocol), adapter_target(calls, protocol, name)
    pair = _choose_pair(adapter, services)
    local = _scores_here(adapter, pair, services)
    if local is not None and protocol == LLAMACPP:
        local = local.shortened(MOST_WRITTEN)
    text = local.text if local is not None else _text_there(calls, protocol, pair)
    served = PolicyScores(*(_score_both(calls, each, text) for each in targets))
    _judge(policy, served, local)
    if local is None:
        return Probe(name, served.total)
    return Probe(name, served.total, local.scores.total, explained(served, local.scores))


def _judge(policy: ServedPolicy, served: PolicyScores, local: LocalProbe | None) -> None:
    moved = max(map(abs, served.moved))
    expected = LEAST_MOVED if local is None else max(map(abs, local.scores.moved))
    if moved < LEAST_MOVED <= expected:
        raise AdapterNotServed(
            f"{policy.on.name} answers as the base: {policy.name} moves no token of a pair of its run there. "
            "Nothing is asked of it; check the server's log for modules that it does not know."
        )
    if local is None or _too_small(served, local.scores):
        return
    share = explained(served, local.scores)
    if share < LEAST_EXPLAINED:
        raise AdapterNotServed(
            f"{policy.on.name} answers otherwise than the adapter: a pair of its run moves by {served.total:+.2f} nats "
            f"there and by {local.scores.total:+.2f} here, and token by token only a share of {share:.2f} is the same. "
            "Nothing is asked of it; check its adapter and its base."
        )


def _too_small(served: PolicyScores, here: PolicyScores) -> bool:
    """Does the adapter change the scores by less than the rounding of the server's number format?"""
    rounding = math.fsum((there - own) ** 2 for there, own in zip(served.base, here.base, strict=True))
    return math.fsum(each**2 for each in here.moved) < rounding


def _score_both(calls: ServerCalls, target: Target, text: ProbeText) -> tuple[float, ...]:
    score = score_written if target.protocol == LLAMACPP else score_text
    scores: tuple[float, ...] = ()
    for answer in text.answers:
        if isinstance(answer, str) or isinstance(text.prompt, str):
            scores += score_text(calls, target, f"{text.prompt}\n\n{answer}", 1)
        else:
            scores += score(calls, target, [*text.prompt, *answer], len(text.prompt))
    return scores


def _text_there(calls: ServerCalls, protocol: str, pair: PreferencePair) -> ProbeText:
    """The pair as the server encodes it: under its chat template where it gives that, else as a plain text."""
    if protocol == LLAMACPP:
        ids, answers = pieces_written(calls, pair.prompt, (pair.chosen, pair.rejected))
        return ProbeText(ids, (answers[0][:MOST_WRITTEN], answers[1][:MOST_WRITTEN]))
    try:
        (prompt, chosen), (_, rejected) = (
            answer_ids(calls, pair.prompt, each) for each in (pair.chosen, pair.rejected)
        )
    except ServerError:
        return ProbeText(pair.prompt[-1]["content"], (pair.chosen, pair.rejected))
    return ProbeText(prompt, (chosen, rejected))


# -- the same here -----------------------------------------------------------------------------------------------


def _choose_pair(adapter: Adapter, services: Services) -> PreferencePair:
    """A pair of the adapter's run with a large margin, else a judged pair, that is short enough."""
    connection, run = services.workspace.connection, adapter.manifest.run
    margins = [] if run is None else db_metrics.run_margins(connection, run)
    last = max((each.epoch for each in margins), default=0)
    best = [each for each in margins if each.epoch == last and each.margin is not None]
    best.sort(key=lambda each: -(each.margin or 0.0))
    for row in db_comparisons.comparisons_by_id(connection, [each.comparison for each in best[:50]]):
        if not row.prompt.forgotten and len(row.a.text) + len(row.b.text) < _LONGEST_TEXT:
            return _as_pair(row)
    for judged in judged_pairs(connection, Selection()):
        if len(judged.a) + len(judged.b) < _LONGEST_TEXT:
            return PreferencePair("probe", judged.messages, judged.a, judged.b)
    return _PLAIN


def _as_pair(row: ComparisonRow) -> PreferencePair:
    sampling = row.a.sampling or {}
    prompt = with_system(row.prompt.messages, sampling.get("system"))
    thinking = sampling.get("thinking", AS_TEMPLATE)
    return PreferencePair("probe", prompt, row.a.text, row.b.text, row.a.cut, row.b.cut, thinking)


def _scores_here(adapter: Adapter, pair: PreferencePair, services: Services) -> LocalProbe | None:
    """The scores under the model here, now or as they were kept; None where it was never loaded with this adapter."""
    base = services.loaded_model.base
    if base is None or base.fingerprint != adapter.manifest.base_fingerprint:
        return _kept(adapter, services)
    found: list[LocalProbe] = []
    job = services.scheduler.submit("probe", _score_steps(adapter, pair, services, found), lambda: Priority.WAITED_FOR)
    try:
        job.done.result(timeout=_LONGEST_HERE_S)
    except (CancelledError, TimeoutError):
        raise ServerError("The adapter could not be scored here, so it was not probed. Try again later.") from None
    if found:
        _keep(adapter, found[0], services)
    return found[0] if found else None


def _score_steps(adapter: Adapter, pair: PreferencePair, services: Services, found: list[LocalProbe]) -> WorkSteps:
    yield
    from engine.probe import pair_ids, score_here  # imports torch

    base = services.loaded_model.required()
    ids = pair_ids(base, pair)
    if ids is None:
        return
    prompt, *answers = ids
    parts = []
    with services.loaded_model.using(adapter) as name:
        for answer in answers:
            parts.append(score_here(base, [*prompt, *answer], len(prompt), name))
            yield
    scores = PolicyScores(parts[0].base + parts[1].base, parts[0].tuned + parts[1].tuned)
    found.append(LocalProbe(ProbeText(prompt, (answers[0], answers[1])), scores))


def _keep(adapter: Adapter, probe: LocalProbe, services: Services) -> None:
    """Keep the scores with the workspace, for a session in which the model is not loaded."""
    rounded = {name: [round(each, 4) for each in getattr(probe.scores, name)] for name in ("base", "tuned")}
    record = {"prompt": probe.text.prompt, "answers": probe.text.answers, **rounded}
    kept = {key: value for key, value in _all_kept(services).items() if key != adapter.manifest.checksum}
    newest = dict([*kept.items(), (adapter.manifest.checksum, record)][-_MOST_KEPT:])
    services.workspace.keep_setting(KEPT_PROBES, newest)


def _kept(adapter: Adapter, services: Services) -> LocalProbe | None:
    record = _all_kept(services).get(adapter.manifest.checksum)
    if record is None:
        return None
    first, second = (tuple(each) for each in record["answers"])
    scores = PolicyScores(tuple(record["base"]), tuple(record["tuned"]))
    return LocalProbe(ProbeText(tuple(record["prompt"]), (first, second)), scores)


def _all_kept(services: Services) -> dict[str, Any]:
    kept: dict[str, Any] = services.workspace.setting(KEPT_PROBES, {})
    return kept


_PLAIN = PreferencePair(
    "probe",
    ({"role": "user", "content": "Why is the sky blue?"},),
    "Sunlight is scattered by the air, and blue light is scattered most.",
    "Certainly! The sky is blue because of the ocean.",
)
