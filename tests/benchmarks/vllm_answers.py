"""Answers by vLLM at the shape of a random model, in an environment of its own, for `tests.benchmarks.gpu`.

    VLLM_PYTHON tests/benchmarks/vllm_answers.py '{"config": {…}, "rows": [2, 16], "tokens": 128, …}'

vLLM pins another torch than Palate, so this file imports nothing of Palate. It prints one JSON object for each number
of rows: `rows`, `seconds` (the better of two rounds, for all rows) and `vllm`, its version.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("request", help="JSON: config, rows, tokens, prompt, eager and sampling")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Read the request and print the figures as they come."""
    request: dict[str, Any] = json.loads(parser().parse_args(line).request)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(request["config"]))
        _measure(folder, request)


def _measure(folder: str, request: dict[str, Any]) -> None:
    import vllm  # type: ignore[import-not-found]  # only in its own environment

    engine = vllm.LLM(
        folder,
        load_format="dummy",
        skip_tokenizer_init=True,
        dtype="bfloat16",
        max_model_len=request["prompt"] + request["tokens"] + 16,
        enforce_eager=request["eager"],
        seed=0,
    )
    for rows in request["rows"]:
        sampling = vllm.SamplingParams(
            n=2, max_tokens=request["tokens"], ignore_eos=True, detokenize=False, **request["sampling"]
        )
        prompts = [
            {"prompt_token_ids": [3 + (7 * row + place) % 200 for place in range(request["prompt"])]}
            for row in range(rows // 2)
        ]
        seconds = min(_timed(engine, prompts, sampling) for _ in range(2))
        print(json.dumps({"rows": rows, "seconds": seconds, "vllm": vllm.__version__}), flush=True)
    engine.llm_engine.engine_core.shutdown()  # without it the process waited for its workers on a CPU


def _timed(engine: Any, prompts: list[dict[str, list[int]]], sampling: Any) -> float:
    engine.reset_prefix_cache()
    started = time.perf_counter()
    engine.generate(prompts, sampling, use_tqdm=False)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
