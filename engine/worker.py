"""One process of a run on several devices: `python -m torch.distributed.run … -m engine.worker JOB.json`.

It computes what `train_dpo` computes in one process. The first worker writes the run's files: the adapter, checkpoints,
and its events as lines, which the owner of the workspace follows.
"""

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from engine.distributed.event_lines import PolicyWritten, event_line
from engine.distributed.job import WorkerJob, read_job
from engine.distributed.link import Link, Wish
from engine.errors import EngineError, PeerLost
from engine.events import EvalDone, Event, MarginsKnown, Notice, NoticeLevel, RunPlanned

if TYPE_CHECKING:
    from engine.model import BaseModel

_PATIENCE = timedelta(days=365)
"""A worker waits for the others as long as a person lets a run wait. One that is killed closes its connections."""


def main() -> None:
    """Take part in the run of the job. After an error, say it to the owner and end with 1."""
    job, rank = read_job(Path(sys.argv[1])), int(os.environ["RANK"])
    for each in (signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # the owner says when the run ends
    link = Link(job.address, rank)
    try:
        _work(job, rank, link)
    except Exception as error:  # noqa: BLE001  the owner records how the run ends
        traceback.print_exc()
        known = _in_words(error, job)
        link.say(failed=type(known).__name__, text=str(known))
        sys.exit(1)
    link.say(over=True)


def _in_words(error: Exception, job: WorkerJob) -> Exception:
    """The error as one of the engine's, where the machine failed."""
    from engine.distributed.sharding import is_of_connection
    from engine.training.outages import outage_of

    if isinstance(error, EngineError):
        return error
    if job.shard and is_of_connection(error):
        return PeerLost(f"Another process of the run does not answer: {str(error).splitlines()[0]}")
    return outage_of(error, Path(job.checkpoint_folder)) or error


def _work(job: WorkerJob, rank: int, link: Link) -> None:
    base = _connected_base(job, rank)
    events = _events(job, rank, link, base)
    if rank:
        for _ in events:
            pass
        return
    with open(job.events, "w", encoding="utf-8") as lines, closing(events):
        for number, event in enumerate(_told(job, base, events), start=1):
            _append(lines, number, event)
            link.say(line=number)
            link.wait_until_consumed(number, job.ahead)


def _connected_base(job: WorkerJob, rank: int) -> "BaseModel":
    """The base model on this worker's device, once all workers are there."""
    import torch
    import torch.distributed as dist

    torch.set_num_threads(job.threads)
    device, count = job.devices[rank], len(job.devices)
    if device.startswith("cuda"):
        torch.cuda.set_device(device)
    base = None if job.shard else _loaded(job, device)
    if count > 1:
        backend = "cpu:gloo,cuda:nccl" if device.startswith("cuda") else "gloo"
        meeting = f"file://{job.meeting}"
        dist.init_process_group(backend, init_method=meeting, rank=rank, world_size=count, timeout=_PATIENCE)
    base = base or _share_of_base(job, rank)
    if job.start is not None:
        base.load_adapter(job.start[0], Path(job.start[1]))
    return base


def _loaded(job: WorkerJob, device: str) -> "BaseModel":
    from engine.model import load_base

    return load_base(
        job.location,
        source=job.source,
        dtype=job.dtype,
        device=device,
        trust_remote_code=job.trust_remote_code,
        staged=job.shard,
    )


def _share_of_base(job: WorkerJob, rank: int) -> "BaseModel":
    """The base with this worker's share of its layers. One worker at a time has the whole model in main memory."""
    from engine.distributed.sharding import by_turns, check_start, connect, shard_layers

    if job.start is not None:
        check_start(Path(job.start[1]))
    device, found = job.devices[rank], None
    mesh = connect(device, len(job.devices))
    for is_own in by_turns(rank, len(job.devices)):
        if is_own:
            found = _loaded(job, device)
            shard_layers(found, mesh)
    assert found is not None
    return found


def _events(job: WorkerJob, rank: int, link: Link, base: "BaseModel") -> Generator[Event, None, None]:
    from engine.distributed.ranks import Ranks
    from engine.train import train_dpo

    ranks = Ranks(rank, len(job.devices), link.look_up)
    yield from train_dpo(
        base,
        job.pairs,
        job.config,
        adapter=job.adapter,
        folder=Path(job.folder),
        start=None if job.start is None else job.start[0],
        stop=lambda: ranks.agree(link.wish is Wish.STOP),
        checkpoint_folder=Path(job.checkpoint_folder),
        checkpoint_now=lambda: ranks.agree(link.wish is Wish.CHECKPOINT),
        resume=job.resume,
        peers=ranks,
    )


def _told(job: WorkerJob, base: "BaseModel", events: Iterator[Event]) -> Iterator[Event]:
    """The events as the owner reads them: with the devices, and with the policy wherever samples may be taken."""
    for event in events:
        begins = isinstance(event, RunPlanned)
        if job.samples and ((begins and not job.resume) or isinstance(event, EvalDone | MarginsKnown)):
            folder = Path(tempfile.mkdtemp(prefix="policy-", dir=job.place))
            base.save_adapter(job.adapter, folder)
            yield PolicyWritten(str(folder))
        yield replace(event, device=",".join(job.devices)) if isinstance(event, RunPlanned) else event
        if begins:
            yield from (Notice(NoticeLevel.INFO, reason) for reason in base.reasons)


def _append(lines: TextIO, number: int, event: Event) -> None:
    lines.write(event_line(number, event))
    lines.flush()


if __name__ == "__main__":
    main()
