"""A real workbench on a real workspace, whose model never loads: for screens that read and write the database."""

from pathlib import Path

from db import blind_trials as db_blind
from db import comparisons as db_comparisons
from db import models as db_models
from db.pair_rows import NewCompletion
from engine.config import SamplingConfig
from tui.compute.loaded_model import ModelChoice
from tui.workbench import Workbench


class StillWorkbench(Workbench):
    """Starts nothing; its trials are answered by the test."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, ModelChoice("smollm2-135m-instruct"), seed=3)

    def start(self, *, fill_queue: bool = True, load_model: bool = True) -> None:
        """No model is loaded."""

    def models(self) -> tuple[int, int]:
        """The base and an adapter called taste-3, as the database knows them."""
        base = {"kind": "base", "name": "smollm2-135m-instruct", "source": "smollm2", "fingerprint": "f"}
        first = self.workspace.write(db_models.ensure_model, **base).result()
        tuned = {"kind": "adapter", "name": "taste-3", "source": "a0000001", "fingerprint": "c", "parent": first}
        return first, self.workspace.write(db_models.ensure_model, **tuned).result()

    def begin(self, prompts: int = 4, **more: object) -> int:
        """A sealed trial on the first held-out prompts, without an answer yet."""
        first, second = self.models()
        sampling = self.workspace.write(
            db_models.ensure_sampling, {**SamplingConfig().record(), "system": None}
        ).result()
        chosen = db_blind.choose_prompts(
            self.workspace.connection, prompts, model_a=first, model_b=second, prompt_set=None, seed=3
        )
        given = {"model_a": first, "model_b": second, "sampling": sampling, "prompts": chosen}
        return self.workspace.write(db_blind.add_blind_trial, **given, **more).result()

    def answer(
        self, trial: int, base: str | None = None, tuned: str | None = None, *, side_seed: int = 1, tokens: int = 7
    ) -> int:
        """The next pair of answers of a trial is written, with its repeats when it is the last."""
        prompt, sample = db_blind.missing_answers(self.workspace.connection, trial, 1)[0]
        texts = (
            base or f"The base says this to prompt {prompt.id}.",
            tuned or f"Another answer to {prompt.id}: {sample}.",
        )
        sampling = {**SamplingConfig().record(), "system": None}
        a, b = (
            NewCompletion(model, sampling, 9, text, tokens, False, "model")
            for model, text in zip(self.models(), texts, strict=True)
        )
        write = self.workspace.write
        stored = write(db_comparisons.add_pair, prompt.id, (a, b), side_seed=side_seed, trial=trial).result()
        if not db_blind.missing_answers(self.workspace.connection, trial, 1):
            write(db_blind.add_repeats, trial).result()
        self.blind_trials._publish_progress(trial)
        return stored
