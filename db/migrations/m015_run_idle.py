"""Migration 15: the seconds that a run did not compute."""

RUN_IDLE: tuple[str, ...] = ("ALTER TABLE runs ADD COLUMN idle_s REAL NOT NULL DEFAULT 0 CHECK (idle_s >= 0)",)
