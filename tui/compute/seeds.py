"""Seeds of answers, derived from a workspace's seed."""

import hashlib


def seed_from(*parts: object) -> int:
    """A 48-bit seed that depends on every part; the same parts always give the same seed."""
    text = ":".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])
