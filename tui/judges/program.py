"""A program that judges in a person's place, through its standard input and output.

The program runs twice for each question, once for each order of the two answers, and its input does not say who wrote
them. It reads one JSON object, `{"prompt": [messages], "first": "…", "second": "…"}`, and writes `first`, `second` or
`tie` (or 1, 2, 0) on the last line of its output, or a JSON object with such a `verdict`. Two orders that disagree are
a tie: programs and models may prefer the first answer, or the second, for its place alone.
"""

import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from db.pair_rows import ComparisonRow
from db.prompt_rows import Message
from tui.errors import WorkbenchError
from tui.judges.judge_process import LONGEST_OUTPUT, TooMuchOutput, run_program
from tui.judges.judgement import Choice, Judgement, Look, combine

TIMEOUT_S: Final = 120.0
_CHOICES: Final[Mapping[str, Choice]] = {
    "first": "first",
    "1": "first",
    "second": "second",
    "2": "second",
    "tie": "tie",
    "0": "tie",
}


class JudgeError(WorkbenchError):
    """The judging program cannot be started, fails, or writes no verdict."""

    title = "The judge gave no verdict"


@dataclass(frozen=True)
class ExternalJudge:
    """A command line, split as a shell would but run without one."""

    command: str
    timeout_s: float = TIMEOUT_S
    folder: Path | None = None
    """Where it runs; None for this process's own folder."""
    environment: Mapping[str, str] | None = None
    """Its environment variables; None for this process's own."""

    def check(self) -> None:
        """Find the program where `judge` would start it, so that a slip of the fingers is said before it matters.

        Raises:
            JudgeError: it is not there.
        """
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise JudgeError(f"`{self.command}` cannot be started: {error}. Check the command.") from error
        if not words or not self._is_there(words[0]):
            raise JudgeError(
                f"There is no judge and no program {words[0] if words else self.command!r}. `palate judges` lists the "
                "judges; check the name, or the command."
            )

    def _is_there(self, program: str) -> bool:
        """Whether a program of this name, or at this path, can be started from the judge's folder."""
        folder = self.folder or Path.cwd()
        if os.sep in program:
            return shutil.which(folder / program) is not None
        places = os.pathsep.join(str(folder / each) for each in os.get_exec_path(self.environment))
        return shutil.which(program, path=places) is not None

    def judge(self, pair: ComparisonRow) -> Judgement:
        """Run the program for both orders.

        Raises:
            JudgeError: the program gave no verdict; the message names the command and what it did.
        """
        a_first = self._ask(pair.prompt.messages, pair.a.text, pair.b.text)
        b_first = self._ask(pair.prompt.messages, pair.b.text, pair.a.text)
        return combine(Look(a_first), Look(b_first))

    def _ask(self, prompt: Sequence[Message], first: str, second: str) -> Choice:
        question = json.dumps({"prompt": list(prompt), "first": first, "second": second}, ensure_ascii=False)
        try:
            done = run_program(
                shlex.split(self.command),
                question,
                timeout_s=self.timeout_s,
                folder=self.folder,
                environment=self.environment,
            )
        except TimeoutError as error:
            raise JudgeError(f"`{self.command}` gave no answer within {self.timeout_s:g} s. Try it by hand.") from error
        except TooMuchOutput as error:
            raise JudgeError(
                f"`{self.command}` wrote more than {LONGEST_OUTPUT:,} bytes. Let it write a word."
            ) from error
        except (OSError, ValueError) as error:
            raise JudgeError(f"`{self.command}` cannot be started: {error}. Check the command.") from error
        if done.code != 0:
            said = (done.err.strip().splitlines() or ["nothing on stderr"])[-1]
            raise JudgeError(f"`{self.command}` ended with {done.code}: {said}")
        return self._choice(done.out)

    def _choice(self, output: str) -> Choice:
        last = (output.strip().splitlines() or [""])[-1].strip()
        choice = _CHOICES.get(_word(output.strip()) or _word(last) or last.lower())
        if choice is None:
            raise JudgeError(f"`{self.command}` wrote {last[:80]!r}. The last line must be first, second or tie.")
        return choice


def _word(text: str) -> str | None:
    """The verdict in a JSON object, None where `text` is none."""
    try:
        record: Any = json.loads(text)
    except ValueError:
        return None
    return str(record.get("verdict")).lower() if isinstance(record, dict) else None
