"""The bytes of a file, unpacked where it is compressed, and of a stream, copied to a file."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from db.errors import InterchangeError

LARGEST_STREAM = 4 << 30
"""Bytes. A stream is copied to the disk, because an import reads twice."""
_PIECE = 1 << 20
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
)
COMPRESSED = (".gz", ".xz", ".bz2", ".zst", ".zstd")
PARQUET = b"PAR1"


def compression(path: Path) -> str | None:
    """How a file is compressed, by its first bytes; None where it is not.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(6)
    return next((name for magic, name in _MAGIC if start.startswith(magic)), None)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The content of a file, unpacked.

    Raises:
        InterchangeError: it cannot be read or unpacked.
    """
    import lzma
    import zlib

    try:
        with _opened(path, compression(path)) as file:
            yield file
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        raise InterchangeError(f"{path} cannot be unpacked: {error}. Copy it again.") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise InterchangeError(f"{path} cannot be read: {why}. Check the name and the permissions.") from None


def _opened(path: Path, kind: str | None) -> IO[bytes]:
    if kind == "gzip":
        import gzip

        return gzip.open(path)  # type: ignore[return-value]
    if kind == "xz":
        import lzma

        return lzma.open(path)
    if kind == "bzip2":
        import bz2

        return bz2.open(path)
    if kind == "zstd":
        import pyarrow  # datasets brings it along; Python 3.11 has no zstd

        stream: IO[bytes] = pyarrow.input_stream(str(path), compression="zstd")
        return stream
    if kind == "zip":
        raise InterchangeError(f"{path} is a zip archive. Unpack it and name a file in it.")
    return path.open("rb")


def copied(stream: BinaryIO) -> Path:
    """A temporary file with the content of a stream, readable by its owner alone. The caller deletes it.

    Raises:
        InterchangeError: the stream is longer than `LARGEST_STREAM`, or cannot be read or stored.
    """
    done = 0
    with tempfile.NamedTemporaryFile(prefix="palate-input-", delete=False) as file:
        path = Path(file.name)
        try:
            while data := stream.read(_PIECE):
                done += len(data)
                if done > LARGEST_STREAM:
                    raise InterchangeError(
                        f"Standard input is longer than {LARGEST_STREAM >> 30} GiB. Store it in a file and import that."
                    )
                file.write(data)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise InterchangeError(f"Standard input cannot be stored: {error.strerror}. Import a file.") from None
        except InterchangeError:
            path.unlink(missing_ok=True)
            raise
    return path
