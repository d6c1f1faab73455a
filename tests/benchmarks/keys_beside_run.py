"""A person in tmux beside a run: 60 keys at the pace of one pair in 10 seconds. Does the person wait, and what does the
run pay?

    python -m tests.benchmarks.keys_beside_run --keys 60 --every 10

The app as it is, in a tmux of 120×40 of its own, on the default model. First a run alone (`palate train`), then the
app: the same run started from the Train screen by keys, with a full queue that nobody judges, then with a key every so
many seconds on the Label screen. What the terminal gets is read from tmux's pipe: a wait is the time from sending the
key until the title of another prompt's pane has come. Speeds are steps in the database's metrics by wall time.
"""

import argparse
import json
import os
import platform
import random
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import quantiles

from db.connection import read_only
from tests.flags import flags_of

PALATE = (sys.executable, "-m", "tui")
TITLE = re.compile(rb"prompt (\d+) of")
ANSI = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]")
EPOCHS_HELP = "How many times every pair is seen."
BATCH = 4
WRITING = " 0 ready"


class Terminal:
    """The app in a tmux server of its own, and everything that it writes, with the time it came."""

    def __init__(self, folder: Path, workspace: Path) -> None:
        self._socket = str(folder / "tmux.sock")
        self._seen = bytearray()
        self._changed = threading.Condition()
        fifo = folder / "written"
        os.mkfifo(fifo)
        command = shlex.join([*PALATE, "--workspace", str(workspace)])
        self._tmux("new-session", "-d", "-x", "120", "-y", "40", command)
        self._tmux("pipe-pane", "-O", f"exec cat > {shlex.quote(str(fifo))}")
        threading.Thread(target=self._read, args=(fifo,), daemon=True).start()

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _read(self, fifo: Path) -> None:
        with fifo.open("rb", buffering=0) as written:
            while chunk := written.read(65536):
                with self._changed:
                    self._seen += chunk
                    self._changed.notify_all()

    def press(self, *keys: str) -> None:
        """Send keys, in tmux's names."""
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        """What stands on the screen."""
        return self._tmux("capture-pane", "-p")

    def wait_for(self, seen: Callable[[str], bool], timeout_s: float = 600.0) -> str:
        """Look twice a second until the screen is as wanted."""
        end = time.monotonic() + timeout_s
        while not seen(screen := self.screen()):
            if time.monotonic() > end:
                raise SystemExit(f"The screen did not come to what was waited for:\n{screen}")
            time.sleep(0.5)
        return screen

    def prompt(self) -> bytes:
        """The number in the title of the prompt's pane, as it stands on the screen."""
        found = TITLE.search(self.screen().encode())
        return found[1] if found else b""

    def _alive(self) -> bool:
        listed = ["tmux", "-S", self._socket, "list-panes"]
        return subprocess.run(listed, check=False, capture_output=True).returncode == 0

    def judge(self, key: str, timeout_s: float = 300.0) -> float:
        """Press a verdict's key; returns the seconds until another prompt's title was written and its pair is whole."""
        before = self.prompt()
        with self._changed:
            self._seen.clear()
            pressed = time.perf_counter()
        self.press(key)
        with self._changed:
            while not any(found != before for found in TITLE.findall(ANSI.sub(b"", self._seen))):
                self._changed.wait(timeout_s)
                if time.perf_counter() - pressed > timeout_s:
                    raise SystemExit(f"No other pair came within {timeout_s:.0f} s:\n{self.screen()}")
            came = time.perf_counter()
        if WRITING in self.screen():  # the queue was empty: what grows in the panes cannot be judged yet
            self.wait_for(lambda screen: WRITING not in screen, timeout_s)
            came = time.perf_counter()
        return came - pressed

    def close(self) -> None:
        """End the app, with its run (which would go on without a terminal), and its tmux."""
        os.kill(int(self._tmux("display-message", "-p", "#{pane_pid}")), signal.SIGTERM)
        end = time.monotonic() + 120
        while self._alive() and time.monotonic() < end:
            time.sleep(0.5)
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False, capture_output=True)


def main(line: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = parser().parse_args(line)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = folder / "space"
        label(workspace, options.pairs)
        alone = run_alone(workspace, options.seconds)
        terminal = Terminal(folder, workspace)
        try:
            connection = start_run(terminal, workspace)
            full_queue = speed_during(connection, lambda: time.sleep(options.seconds))
            terminal.press("L")
            terminal.wait_for(lambda screen: "prompt " in screen)
            waits: list[float] = []
            beside = speed_during(connection, lambda: waits.extend(press_keys(terminal, options)))
            last = terminal.screen()
        finally:
            terminal.close()
    report(options, alone, full_queue, beside, waits)
    print(last, file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--pairs", type=int, default=24, help="pairs that the run learns from")
    flags.add_argument("--keys", type=int, default=60, help="verdicts given beside the run")
    flags.add_argument("--every", type=float, default=10.0, help="seconds that a person looks at each pair")
    flags.add_argument("--seconds", type=float, default=240.0, help="seconds of each run that nobody labels beside")
    return flags


def palate(workspace: Path, *arguments: str) -> str:
    """What a command prints."""
    command = [*PALATE, "--workspace", str(workspace), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def label(workspace: Path, pairs: int) -> None:
    """Pairs to learn from."""
    palate(workspace, "generate", "--pairs", str(pairs))
    chance = random.Random(1)
    for line in palate(workspace, "queue", "--json").splitlines():
        palate(workspace, "judge", str(json.loads(line)["id"]), chance.choice("ab"))


def run_alone(workspace: Path, seconds: float) -> float:
    """Pairs a second of the same run with no app, no queue and nobody beside it."""
    command = [*PALATE, "--workspace", str(workspace), "train", "--epochs", "9999", "--json"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    steps, started = 0, 0.0
    for line in run.stdout:
        if json.loads(line).get("event") != "step":
            continue
        now = time.perf_counter()
        if not started:
            started = now
        else:
            steps += 1
        if steps and now - started > seconds:
            break
    speed = steps * BATCH / (now - started)
    run.send_signal(signal.SIGTERM)  # unlike SIGINT never ignored, as it is for what a script starts in the background
    run.communicate()
    return speed


def start_run(terminal: Terminal, workspace: Path) -> sqlite3.Connection:
    """Start a run that does not end from the Train screen; returns a connection to read its metrics from."""
    terminal.wait_for(lambda screen: "12 ready" in screen)
    terminal.press("T")
    terminal.wait_for(lambda screen: "Start the run" in screen)
    for _ in range(30):
        if terminal.screen().count(EPOCHS_HELP) > 1:  # in its row, and below as the row that is marked
            break
        terminal.press("Down")
        time.sleep(0.3)
    terminal.press("Enter")
    terminal.press("BSpace", "9", "9", "9", "9", "Enter")
    terminal.press("S")
    connection = read_only(workspace / "palate.db")
    end = time.monotonic() + 300
    while steps_done(connection)[1] < 2:
        if time.monotonic() > end:
            raise SystemExit(f"The run did not start:\n{terminal.screen()}")
        time.sleep(0.5)
    return connection


def steps_done(connection: sqlite3.Connection) -> tuple[float, int]:
    """The time, and the newest run's last step in the metrics."""
    newest = "SELECT max(id) FROM runs WHERE status = 'running'"
    query = f"SELECT max(step) FROM metrics WHERE name = 'loss' AND run = ({newest})"
    return time.perf_counter(), connection.execute(query).fetchone()[0] or 0


def next_step(connection: sqlite3.Connection) -> tuple[float, int]:
    """The moment at which the run has stored another step: speeds are counted from step to step."""
    _, before = steps_done(connection)
    while (now := steps_done(connection))[1] == before:
        time.sleep(0.05)
    return now


def speed_during(connection: sqlite3.Connection, act: Callable[[], object]) -> float:
    """Pairs a second of the run while `act` goes on."""
    started, first = next_step(connection)
    act()
    ended, last = next_step(connection)
    return (last - first) * BATCH / (ended - started)


def press_keys(terminal: Terminal, options: argparse.Namespace) -> list[float]:
    """A verdict so many seconds after each pair came; seconds from key to the next pair."""
    chance = random.Random(2)
    waits: list[float] = []
    for _ in range(options.keys):
        time.sleep(options.every)
        waits.append(terminal.judge(chance.choice("12")))
    return waits


def report(options: argparse.Namespace, alone: float, full_queue: float, beside: float, waits: list[float]) -> None:
    """Print the figures."""
    cuts = quantiles(waits, n=100, method="inclusive")
    figures = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "keys": len(waits),
        "every_s": options.every,
        "key_to_next_p50_ms": round(cuts[49] * 1000),
        "key_to_next_p99_ms": round(cuts[98] * 1000),
        "longest_wait_ms": round(max(waits) * 1000),
        "alone_pairs_per_second": round(alone, 3),
        "full_queue_pairs_per_second": round(full_queue, 3),
        "beside_pairs_per_second": round(beside, 3),
        "full_queue_share": round(full_queue / alone, 3),
        "beside_share": round(beside / alone, 3),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
