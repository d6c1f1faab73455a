"""Import and export of files. Each format is read into one kind of record, and each record is written as any format.

    records.py       the common record, and rows that are left out
    checks.py        checks of texts and messages, and the error that names the row
    text_lines.py    a file's text in any Unicode encoding, line by line
    json_entries.py  the entries of a JSON list, one after the other
    sources.py       the rows of .jsonl, .json, .csv, .parquet, and of a data set that `datasets` reads
    palate_lines.py  Palate's own format, which carries everything
    trl.py           TRL's explicit and implicit formats, UltraFeedback, the original project's list
    transcripts.py   HH-RLHF's transcripts
    kto.py           single answers with a thumb up or down
    arena.py         the arena, as conversations and as a table
    annotators.py    Argilla and Label Studio
    comparator.py    LLM Comparator
    formats.py       the list of all formats, the facts that each carries, and the format of a file
    questions.py     prompts
    selection.py     judged pairs from the database
    trial_export.py  judged trials for LLM Comparator and the arena
    writing.py       records to a file, which is written under another name and renamed into place

Of these, only `selection` reads the database; `db.import_batches` stores records in it.
"""
