"""How long the upgrade of a workspace with 100,000 verdicts takes, from the schema before `verdicts` was widened.

Run: python -m tests.benchmarks.migration_speed [verdicts]. Prints seconds, peak memory, and the size of the database
before and after, with the upgrade in a process of its own. The time covers the verified backup and all checks.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from db.connection import open_database, writing
from db.migrations import runner
from tests.benchmarks.data_speed import Words, fill
from tests.flags import flags_of

EARLIER = 14
"""The version of the schema to upgrade from."""
UPGRADE = "import sys; from tests.benchmarks import migration_speed; migration_speed.upgrade(sys.argv[1])"


@contextmanager
def earlier_schema() -> Iterator[None]:
    """Within it Palate knows the earlier migrations alone."""
    known = dict(runner.MIGRATIONS)
    for name in list(known)[EARLIER:]:
        del runner.MIGRATIONS[name]
    try:
        yield
    finally:
        runner.MIGRATIONS.clear()
        runner.MIGRATIONS.update(known)


def build(path: Path, verdicts: int) -> None:
    """A closed database of the earlier schema with so many verdicts on answers of about 600 characters."""
    with earlier_schema():
        open_database(path)
        with closing(writing(path)) as conn:
            fill(conn, verdicts, Words())
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def upgrade(path: str) -> None:
    """Open the database, which upgrades it; prints one JSON object."""
    before = peak_mb()
    begun = time.perf_counter()
    open_database(Path(path))
    seconds = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"seconds": seconds, "before_mb": before, "peak_mb": peak_mb()}) + "\n")


def peak_mb() -> float:
    """The most memory that this process had. `ru_maxrss` would be that of the process which started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measure(verdicts: int) -> None:
    """Build, upgrade and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "palate.db"
        build(path, verdicts)
        before = path.stat().st_size
        done = subprocess.run([sys.executable, "-c", UPGRADE, str(path)], check=True, capture_output=True, text=True)
        told = json.loads(done.stdout)
        print(f"{verdicts:,} verdicts, version {EARLIER} to {runner.newest_version()}")
        print(f"seconds                {told['seconds']:8.1f}")
        print(f"peak memory, MB        {told['peak_mb']:8.0f}   (before the upgrade {told['before_mb']:.0f})")
        print(f"size before, MB        {before / 1e6:8.1f}")
        print(f"size after, MB         {path.stat().st_size / 1e6:8.1f}")


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("verdicts", type=int, nargs="?", default=100_000)
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Measure with so many verdicts."""
    measure(parser().parse_args(line).verdicts)


if __name__ == "__main__":
    main()
