"""Generation: answers from their own random streams, in batches, as events at safe boundaries."""

import dataclasses
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch
from transformers import Gemma2Config, GPT2Config, PreTrainedConfig, Qwen2Config, Qwen3Config

from engine.chat import encode_prompt
from engine.config import SamplingConfig, TrainConfig
from engine.decode import PlainDecoder, rows_after_removal
from engine.errors import AdapterLoadError
from engine.events import CompletionDone, Event, SourceReady, TokensDrawn
from engine.generate import PromptTooLong, check_fits, generate, make_decoder
from engine.llama.decoding import LlamaDecoder
from engine.model import BaseModel, load_base
from engine.requests import GenerationRequest
from engine.sources.default_model import DEFAULT_SOURCE
from engine.sources.prepare import prepare_source
from tests.engine.test_thoughts import SWITCHED
from tests.tiny import VOCABULARY, save_tiny, tiny_config

WIDE = {"initializer_range": 0.2}
SHAPES: dict[str, PreTrainedConfig] = {
    "llama": tiny_config(**WIDE),
    "qwen2": Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        **WIDE,
    ),
    "qwen3": Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        **WIDE,
    ),
    "gemma2": Gemma2Config(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        sliding_window=16,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        **WIDE,
    ),
    "gpt2": GPT2Config(
        vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=512, bos_token_id=1, eos_token_id=2, **WIDE
    ),
}
GREEDY = SamplingConfig(temperature=0.0, max_new_tokens=40)
WARM = SamplingConfig(temperature=1.0, max_new_tokens=24)


@pytest.fixture(scope="module", params=list(SHAPES))
def any_base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = save_tiny(tmp_path_factory.mktemp(request.param), config=SHAPES[request.param])
    return with_adapter(load_base(str(folder), source=request.param, dtype="float32", device="cpu"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = save_tiny(tmp_path_factory.mktemp("tiny"), config=SHAPES["llama"])
    return with_adapter(load_base(str(folder), source="tiny", dtype="float32", device="cpu"))


def with_adapter(base: BaseModel, amount: float = 0.3) -> BaseModel:
    """An adapter `a1` that changes what the model says."""
    base.create_adapter("a1", TrainConfig(lora_r=4, lora_alpha=8))
    generator = torch.Generator().manual_seed(7)
    for key, weight in base.model.named_parameters():
        if ".a1." in key:
            weight.data += amount * torch.randn(weight.shape, generator=generator)
    return base


def requests(*texts: str, seeds: Sequence[int] = (1, 2)) -> list[GenerationRequest]:
    """One request per text and seed; the key is `text/seed`."""
    return [
        GenerationRequest(f"{text}/{seed}", ({"role": "user", "content": text},), seed)
        for text in texts
        for seed in seeds
    ]


def answers(events: Iterator[Event]) -> dict[str, CompletionDone]:
    return {event.key: event for event in events if isinstance(event, CompletionDone)}


def by_transformers(base: BaseModel, text: str, adapter: str | None, **settings: float) -> str:
    """The greedy answer of transformers' own generate."""
    ids = torch.tensor([encode_prompt(base.tokenizer, [{"role": "user", "content": text}])])
    with base.policy(adapter), torch.no_grad():
        output = base.hf_model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            eos_token_id=sorted(base.stop_ids),
            pad_token_id=2,
            **{"max_new_tokens": GREEDY.max_new_tokens, **settings},
        )
    return str(base.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True))


def test_models_of_llama_s_shape_get_the_fast_decoder(any_base: BaseModel) -> None:
    decoder = make_decoder(any_base, "a1", max_rows=2)
    fast = any_base.source in ("llama", "qwen2", "qwen3")
    assert type(decoder) is (LlamaDecoder if fast else PlainDecoder)


@pytest.mark.parametrize("adapter", [None, "a1"])
def test_greedy_answers_are_those_of_transformers(any_base: BaseModel, adapter: str | None) -> None:
    texts = ["Why?", "How does a longer prompt fare beside a short one?", "x"]
    made = answers(generate(any_base, requests(*texts, seeds=(1,)), GREEDY, adapter=adapter))
    for text in texts:
        assert made[f"{text}/1"].text == by_transformers(any_base, text, adapter)


def test_the_repetition_penalty_counts_prompt_and_answer(any_base: BaseModel) -> None:
    texts = ["Why?", "How does a longer prompt fare?", "x"]
    config = SamplingConfig(temperature=0.0, max_new_tokens=40, repetition_penalty=1.5)
    made = answers(generate(any_base, requests(*texts, seeds=(1,)), config, max_rows=2))
    for text in texts:
        assert made[f"{text}/1"].text == by_transformers(any_base, text, None, repetition_penalty=1.5)
    free = answers(generate(any_base, requests(*texts, seeds=(1,)), GREEDY))
    assert any(made[key].text != free[key].text for key in made)


def test_an_answer_can_be_written_again_from_its_seed(any_base: BaseModel) -> None:
    everything = requests("Why?", "How come, in all the world?", "x", seeds=(1, 2, 3))
    together = answers(generate(any_base, everything, WARM))
    few = answers(generate(any_base, everything, WARM, max_rows=2, tokens_per_turn=3))
    assert len(together) == 9
    assert {key: done.text for key, done in few.items()} == {key: done.text for key, done in together.items()}
    for request in everything:
        (alone,) = answers(generate(any_base, [request], WARM)).values()
        assert alone.text == together[request.key].text
    assert len({done.text for done in together.values()}) > 6  # seeds and prompts do tell


def test_cut_answers_are_marked_and_the_end_of_turn_ends(base: BaseModel) -> None:
    short = answers(generate(base, requests("Why?", seeds=range(8)), SamplingConfig(temperature=2.0, max_new_tokens=5)))
    long = answers(generate(base, requests("Why?", seeds=range(8)), SamplingConfig(temperature=2.0, top_k=0, top_p=1)))
    assert any(done.cut for done in short.values())
    assert any(not done.cut for done in long.values())
    for done in [*short.values(), *long.values()]:
        assert "<|im_end|>" not in done.text
        assert done.elapsed_s > 0
    assert all(done.tokens == 5 for done in short.values() if done.cut)
    for key, done in long.items():
        # Every byte is a token: the text's tokens and, unless cut, the end of turn.
        if not done.cut and done.text.isascii():
            assert len(done.text) <= done.tokens - 1, key


def test_a_turn_gives_each_row_its_tokens(base: BaseModel) -> None:
    events = list(generate(base, requests("Why?"), GREEDY, tokens_per_turn=8))
    turns = [event for event in events if isinstance(event, TokensDrawn)]
    assert [event.tokens for event in turns[:2]] == [16, 16]
    assert set(turns[0].texts) == {"Why?/1", "Why?/2"}
    assert sum(event.tokens for event in turns) == sum(done.tokens for done in answers(iter(events)).values())
    assert turns[-1].texts == {}


def test_streamed_texts_only_grow_and_end_as_the_answer(base: BaseModel) -> None:
    seen: dict[str, str] = {}
    for event in generate(base, requests("Why?", "How?"), WARM, tokens_per_turn=1):
        if isinstance(event, TokensDrawn):
            for key, text in event.texts.items():
                assert text.startswith(seen.get(key, ""))
                assert not text.endswith("\ufffd")
                seen[key] = text
        elif isinstance(event, CompletionDone):
            assert event.text.startswith(seen[event.key])


def test_half_a_character_is_held_back(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter(base.tokenizer("aé…")["input_ids"])  # 1, 2 and 3 bytes

    def forced(*_: object) -> torch.Tensor:
        return torch.tensor([next(letters)])

    monkeypatch.setattr("engine.generate.draw_tokens", forced)
    config = SamplingConfig(max_new_tokens=6)
    events = list(generate(base, requests("x", seeds=(1,)), config, tokens_per_turn=1))
    texts = [event.texts["x/1"] for event in events if isinstance(event, TokensDrawn) and event.texts]
    assert texts == ["a", "a", "aé", "aé", "aé"]
    assert answers(iter(events))["x/1"].text == "aé…"


def test_rows_close_up_with_few_moves() -> None:
    assert rows_after_removal(5, {1}) == [0, 4, 2, 3]
    assert rows_after_removal(5, {4}) == [0, 1, 2, 3]
    assert rows_after_removal(5, {0, 3, 4}) == [2, 1]
    assert rows_after_removal(3, {0, 1, 2}) == []


def test_new_prompts_take_the_place_of_rows_that_ended(base: BaseModel) -> None:
    """One long answer beside many short ones: they do not wait for it."""
    everything = requests("a", "b", "c", "d", "e", seeds=range(4))
    ended: dict[str, int] = {}
    turns = 0
    for event in generate(base, everything, SamplingConfig(temperature=3.0, top_k=0, top_p=1.0), max_rows=4):
        turns += isinstance(event, TokensDrawn)
        if isinstance(event, CompletionDone):
            ended[event.key] = turns
    first_wave = [ended[request.key] for request in everything[:4]]
    assert min(first_wave) < max(first_wave)
    assert min(ended[request.key] for request in everything[4:]) < max(first_wave)


def test_more_rows_than_fit_wait_their_turn(base: BaseModel) -> None:
    most = 0
    events = list(generate(base, requests("a", "b", "c", seeds=range(5)), WARM, max_rows=4))
    for event in events:
        if isinstance(event, TokensDrawn):
            most = max(most, len(event.texts))
    assert most == 4
    assert len(answers(iter(events))) == 15


def test_what_joins_later_is_answered_as_if_it_stood_alone(any_base: BaseModel) -> None:
    """Requests are appended as rows come free: never more than there is room for, and none is lost or changed."""
    everything = requests("a", "b", "c", "d", seeds=range(2))
    asked, later = deque(everything[:4]), deque(everything[4:])
    events = []
    for event in generate(any_base, asked, WARM, max_rows=4, tokens_per_turn=2):
        events.append(event)
        if isinstance(event, TokensDrawn):
            assert len(event.texts) + event.room == 4 or not event.room  # the plain decoder has room once it is empty
            asked += [later.popleft() for _ in range(min(event.room, len(later)))]
    assert not asked
    assert max(len(event.texts) for event in events if isinstance(event, TokensDrawn)) == 4
    made = answers(iter(events))
    for request in everything:
        (alone,) = answers(generate(any_base, [request], WARM)).values()
        assert made[request.key].text == alone.text


def test_a_prompt_is_read_once_for_its_answers(any_base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    embed = torch.nn.functional.embedding

    def counted(ids: torch.Tensor, weight: torch.Tensor, *others: object, **options: object) -> torch.Tensor:
        if weight.shape[0] == VOCABULARY:
            read.append(ids.numel())
        return embed(ids, weight, *others, **options)

    monkeypatch.setattr("torch.nn.functional.embedding", counted)
    list(generate(any_base, requests("Why?", seeds=(1, 2, 3)), SamplingConfig(max_new_tokens=2)))
    prompt = encode_prompt(any_base.tokenizer, [{"role": "user", "content": "Why?"}])
    assert read == [len(prompt), 3]


def test_nothing_is_open_or_changed_at_a_boundary(base: BaseModel) -> None:
    def state() -> list[object]:
        layers = [
            (m._active_adapter, m._disable_adapters) for m in base.model.modules() if hasattr(m, "_disable_adapters")
        ]
        gradients = [weight.requires_grad for weight in base.model.parameters()]
        modes = [module.training for module in base.model.modules()]
        return [
            base.model.active_adapter,
            layers,
            gradients,
            modes,
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
        ]

    base.model.train()
    before, random_state = state(), torch.get_rng_state()
    for _ in generate(base, requests("Why?", "x"), WARM, adapter="a1", tokens_per_turn=2):
        assert state() == before
    assert torch.equal(torch.get_rng_state(), random_state)
    base.model.eval()


def test_closing_cancels(base: BaseModel) -> None:
    events = generate(base, requests("Why?"), GREEDY)
    assert isinstance(next(events), TokensDrawn)
    events.close()
    with pytest.raises(StopIteration):
        next(events)


def test_an_unknown_adapter_is_refused(base: BaseModel) -> None:
    with pytest.raises(AdapterLoadError, match="a77"):
        next(generate(base, requests("x"), WARM, adapter="a77"))


def test_a_prompt_that_leaves_no_room_is_refused_with_its_key(base: BaseModel) -> None:
    with pytest.raises(PromptTooLong, match="512") as caught:
        next(generate(base, requests("x", "y" * 600), WARM))
    assert caught.value.key == "y" * 600 + "/1"


def test_a_prompt_is_asked_for_room_before_it_joins(base: BaseModel) -> None:
    fits, too_long = requests("x", "y" * 600, seeds=(1,))
    check_fits(base, fits, "template")
    with pytest.raises(PromptTooLong, match="512"):
        check_fits(base, too_long, "template")


def test_a_prompt_is_asked_for_room_with_what_the_template_adds_to_turn_thoughts_off(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base.tokenizer, "chat_template", SWITCHED)
    (request,) = requests("y" * 485, seeds=(1,))
    check_fits(base, request, "on")
    with pytest.raises(PromptTooLong, match="512"):
        check_fits(base, request, "off")


def test_an_answer_ends_with_the_context(base: BaseModel) -> None:
    text = "y" * 470
    prompt = encode_prompt(base.tokenizer, [{"role": "user", "content": text}])
    made = answers(generate(base, requests(text, seeds=range(6)), SamplingConfig(max_new_tokens=100)))
    assert max(done.tokens for done in made.values()) == 512 - len(prompt)
    assert all(done.cut for done in made.values() if done.tokens == 512 - len(prompt))


def test_nothing_to_write_is_nothing(base: BaseModel) -> None:
    assert list(generate(base, [], WARM)) == []


def test_a_model_without_chat_template_continues_plain_text(tmp_path: Path) -> None:
    base = load_base(str(save_tiny(tmp_path, chat=False)), source="plain", dtype="float32", device="cpu")
    made = answers(generate(base, requests("Once"), WARM))
    assert set(made) == {"Once/1", "Once/2"}


@pytest.fixture(scope="module")
def default_base() -> BaseModel:
    ready = list(prepare_source(DEFAULT_SOURCE))[-1]
    assert isinstance(ready, SourceReady)
    return with_adapter(load_base(ready.location, source=DEFAULT_SOURCE, dtype="float32", device="cpu"), 0.01)


@pytest.mark.real
@pytest.mark.parametrize("adapter", [None, "a1"])
@pytest.mark.parametrize("tokens", [12, pytest.param(40, marks=pytest.mark.long)])
def test_greedy_answers_of_the_default_model_are_those_of_transformers(
    default_base: BaseModel, adapter: str | None, tokens: int
) -> None:
    base, sampling = default_base, dataclasses.replace(GREEDY, max_new_tokens=tokens)
    texts = ["Why do leaves change colour in autumn?", "What is a black hole?", "How do vaccines work?"]
    made = answers(generate(base, requests(*texts, seeds=(1,)), sampling, adapter=adapter))
    for text in texts:
        assert made[f"{text}/1"].text == by_transformers(base, text, adapter, max_new_tokens=tokens)
    assert len({done.text for done in made.values()}) == 3
