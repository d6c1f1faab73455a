"""Migration 4: comparisons whose names were shown are marked as not blind."""

NAMES_SCHEMA: tuple[str, ...] = (
    # Pairs of labelling whose answers were shown with the names of those who wrote them.
    """CREATE TABLE names_shown (
        comparison INTEGER PRIMARY KEY REFERENCES comparisons (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z')
    ) STRICT""",
)
