"""Text that wants to harm a terminal or a screen, and a workspace where every text that a person may see is such."""

import re
import unicodedata
from sqlite3 import Connection

from db import blind_trials as db_blind
from db import trials as db_trials
from db.comparisons import add_comparison
from db.completions import add_completion
from db.judge_records import judge_as
from db.judges import set_model_judge
from db.metrics import add_margins
from db.models import ensure_model, ensure_sampling
from db.people import ensure_person
from db.prompt_rows import Message, NewPrompt
from db.prompts import add_prompt_set, add_prompts
from db.runs import add_log, add_metrics, create_run, set_status, set_total_steps
from db.samples import add_samples
from db.servers import add_server
from db.settings import set_setting
from db.verdicts import add_verdict

MARK = "␛[6n"
"""What a person sees of `EVIL`: its first escape sequence, made visible."""
BEGINS = "e\x1b[6n"
CSI = "\x1b[31;44;9mred\x1b[2J\x1b[H\x1b[8;1;1t"
STRINGS = (
    "\x1b]52;c;aGk=\x07 \x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\ \x1b]0;own\x07 \x1bPq#0;2\x1b\\ \x1b_x\x1b\\ \x1bc"
)
C1 = "\x9b31m \x9d52;c;aGk=\x9c \x90q\x9c \x85 \x8d"
CONTROLS = "nul\x00 bell\x07 back\x08 vertical\x0b form\x0c return\rover\x7f tab\t."
BIDI = "\u202ertl\u202c \u2066in\u2069 \u200fmark \u061c \u2028line \u2029paragraph \ufeff \u200b \U000e0041"
MARKUP = "[/] [/x] [bold]b[/bold] [@click=app.quit]q[/] $primary {0} %s \\[ &#x202E; <b> | `code` **"
WIDE = "漢字 👩\u200d🔬 👨\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 🇩🇪 ✊🏿 ﷽ می\u200cخواهم"
HEAPED = "Z" + "\u0351\u036b\u0343" * 300 + " ก" + "\u0e47" * 300 + " " + "🔥\u200d" * 300
EVIL = " ".join((BEGINS, CSI, STRINGS, C1, CONTROLS, BIDI, MARKUP, WIDE, HEAPED))
"""Everything at once, in one line of text where a line is kept."""
LONG_EVIL = (
    f"{EVIL}\n\n# {EVIL}\n\n- **{EVIL}**\n\n```{EVIL}\n{EVIL}\n```\n\n[{EVIL}](http://{EVIL}) ![{EVIL}](x)\n\n> {EVIL}"
)
"""The same as markdown."""

KNOWN = re.compile(
    r"\x1b\[(?:"
    r"(?:0|[1-9]\d*)?(?:;\d+)*m"  # colours
    r"|\d+;\d+H|\d+G"  # where to write
    r"|\?(?:25|1049|1000|1003|1004|1006|1015|2004|2026|2048|7)[hl]"  # cursor, screen, mouse, focus, paste, frames
    r"|\?(?:2026|2048)\$p"
    r"|[<>=]\d*u"  # the keyboard's protocol
    r"|>\d+u|<u|>q|c"
    r")"
    r"|\x1b\]22;(?:default|pointer|text)\x07"  # the shape of the mouse pointer
    r"|\x1bP\+q[0-9a-f;]*\x1b\\"
)
"""What Textual writes of itself. None of it takes text from anywhere."""
ALLOWED = {"\n", "\r", "\u200c", "\u200d"}


def harmful(written: str, *, tabs: bool = False) -> set[str]:
    """What is left of control, format and direction characters when Textual's own is taken out; `tabs` may stand."""
    rest = KNOWN.sub("", written)
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    found = {each for each in set(rest) - ALLOWED - ({"\t"} if tabs else set()) if unicodedata.category(each) in kinds}
    return {rest[max(at - 8, 0) : at + 24] for each in found for at in (rest.index(each),)}


def fill(conn: Connection) -> dict[str, int]:
    """A workspace of nothing else; gives the ids that a tour needs."""
    for_labelling = add_prompt_set(conn, EVIL, held_out=False)
    held_out = add_prompt_set(conn, f"{EVIL} held out", held_out=True)
    add_prompts(conn, for_labelling, [NewPrompt(_asked(f"{EVIL} {at}"), EVIL) for at in range(6)])
    add_prompts(conn, held_out, [NewPrompt(_asked(f"{EVIL} held out {at}"), EVIL) for at in range(3)])
    base = ensure_model(conn, kind="base", name=EVIL, source=EVIL, fingerprint=EVIL)
    tuned = ensure_model(conn, kind="adapter", name=f"{EVIL} 2", source="a00000001", fingerprint=EVIL, parent=base)
    sampling = ensure_sampling(conn, {"temperature": 0.9, "system": EVIL})
    pairs = [_compared(conn, prompt, base, sampling) for prompt in _prompts(conn, for_labelling)]
    set_setting(conn, "asked", _prompts(conn, for_labelling)[:2])
    said = {"verdict": "a", "side": "left", "note": EVIL, "tags": [EVIL]}
    verdicts = [add_verdict(conn, comparison=each, **said).id for each in pairs[1:]]
    add_verdict(conn, comparison=pairs[1], verdict="both_good", person=ensure_person(conn, EVIL), note=EVIL)
    db_blind.judge_by_command(conn, EVIL, comparison=pairs[1], verdict="b", note=EVIL)
    server = add_server(conn, EVIL, "http://box:8000/v1", model=EVIL)
    judge = set_model_judge(
        conn, EVIL, model=base, server=server, rubric=LONG_EVIL, settings={"examples": verdicts[2:]}
    )
    judge_as(conn, judge, comparison=pairs[1], verdict="b", note=EVIL, confidence=0.9)
    run = _run(conn, base, pairs[1:], verdicts)
    made = {"model_a": base, "model_b": tuned, "sampling": sampling}
    return {"pair": pairs[0], "judged": pairs[1], "run": run, **_trials(conn, made, _prompts(conn, held_out))}


def _asked(text: str) -> tuple[Message, ...]:
    return (Message(role="system", content=EVIL), Message(role="user", content=text))


def _prompts(conn: Connection, prompt_set: int) -> list[int]:
    return [row["id"] for row in conn.execute("SELECT id FROM prompts WHERE set_id = ? ORDER BY id", (prompt_set,))]


def _compared(
    conn: Connection, prompt: int, model: int, sampling: int, other: int | None = None, trial: int | None = None
) -> int:
    texts = (LONG_EVIL, f"{LONG_EVIL} and more")
    answers = [
        add_completion(
            conn, prompt=prompt, model=by, sampling=sampling, seed=1, text=text, tokens=9, cut=True, source="model"
        )
        for by, text in zip((model, other or model), texts, strict=True)
    ]
    return add_comparison(conn, prompt=prompt, a=answers[0], b=answers[1], side_seed=1, trial=trial)


def _run(conn: Connection, base: int, pairs: list[int], verdicts: list[int]) -> int:
    config, versions = {"target_modules": EVIL, "epochs": 1, EVIL: EVIL}, {"torch": EVIL, EVIL: EVIL}
    trained = [(pair, "train", verdict) for pair, verdict in zip(pairs, verdicts, strict=True)]
    run = create_run(conn, name=EVIL, config=config, versions=versions, base_model=base, pairs=trained)
    set_total_steps(conn, run, 2)
    add_metrics(conn, run, [(1, "loss", 0.6), (2, "loss", 0.5), (2, "eval_loss", 0.6)])
    add_margins(conn, run, 1, [(each, "train", -0.5) for each in pairs])
    add_log(conn, run, "warning", EVIL)
    prompt = conn.execute("SELECT prompt FROM comparisons WHERE id = ?", (pairs[0],)).fetchone()[0]
    add_samples(conn, run, 0, [(prompt, EVIL, 3, True)])
    add_samples(conn, run, 2, [(prompt, EVIL * 2, 3, False)])
    set_status(conn, run, "failed", EVIL)
    conn.execute("UPDATE runs SET note = ?, adapter = 'a00000001', parent_adapter = ? WHERE id = ?", (EVIL, EVIL, run))
    return run


def _trials(conn: Connection, made: dict[str, int], prompts: list[int]) -> dict[str, int]:
    side = db_trials.add_trial(conn, kind="side_by_side", name=EVIL, num_questions=1, **made)
    _compared(conn, prompts[0], made["model_a"], made["sampling"], made["model_b"], side)
    opened = db_blind.add_blind_trial(conn, prompts=prompts[:2], judge=None, **made)
    for prompt in prompts[:2]:
        pair = _compared(conn, prompt, made["model_a"], made["sampling"], made["model_b"], opened)
        add_verdict(conn, comparison=pair, verdict="a", side="left", note=EVIL)
    db_blind.open_trial(conn, opened)
    db_blind.note_trial(conn, opened, EVIL)
    db_blind.note_comparison(conn, pair, EVIL)
    sealed = db_blind.add_blind_trial(conn, prompts=prompts[2:], **made)
    _compared(conn, prompts[2], made["model_a"], made["sampling"], made["model_b"], sealed)
    return {"side": side, "opened": opened, "opened_pair": pair, "sealed": sealed}
