"""Files in and out. Every format is turned into one record, and every record into a row of any format.

    records.py       the one record in the middle, and what was left out
    checks.py        a text, a list of messages, a place in a file, and the error that names it
    text_lines.py    a file's text in whatever Unicode it is in, line by line
    json_entries.py  the entries of a JSON list, one after the other
    sources.py       the rows of .jsonl, .json, .csv, .parquet, and of a data set that `datasets` reads
    trl.py           TRL's explicit and implicit formats, UltraFeedback, the original project's list
    transcripts.py   HH-RLHF's transcripts
    kto.py           single answers with a thumb up or down
    arena.py         the arena, as conversations and as a table
    annotators.py    Argilla and Label Studio
    comparator.py    LLM Comparator
    formats.py       the list of all of them, what each carries, and which one a file is in
    questions.py     prompts
    writing.py       records to a file, which is written beside and renamed into place

Nothing here knows of the database's tables: `db.import_batches` stores records, `db.interchange.selection` finds them.
"""
