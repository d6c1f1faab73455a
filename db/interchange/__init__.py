"""Import and export of files. Each format is read into one kind of record, and each record is written as any format.

Rows of files:

    input_bytes.py   a file's bytes, unpacked; a stream, copied to a file
    text_lines.py    a file's text in any Unicode encoding, line by line
    json_entries.py  the entries of a JSON list, one after the other
    csv_rows.py      the rows of a table of text
    hub.py           Parquet files and data sets of the Hub
    columns.py       the names of columns, as a file writes them and as a person says them
    sources.py       the rows of any of these

From a row to records:

    checks.py        checks of values, and the error that names the row
    fields.py        the one rule about fields that a reader does not use
    unfolding.py     lists and messages that were written as text
    messages.py      chat messages, their roles and contents
    chat_text.py     chats that were written as one text: templates and transcripts
    asked.py         what was asked, under any of its names
    preferred.py     a chosen and a rejected answer, however they are written
    ranking.py       the pairs that a ranking implies
    two_fields.py    answers whose names differ in a number or letter
    reading.py       reasons to leave a row out, and rows one by one
    records.py       the common record, and rows that are left out

Formats, each with its shape, its traps, examples, reader and writer:

    format.py        what a format is
    *_format(s).py   one format, or a few that are nearly the same
    formats.py       the list of all formats, and the format of a file
    questions.py     prompts
    selection.py     judged pairs from the database
    trial_export.py  judged trials for LLM Comparator and the arena
    writing.py       records to a file
    replacing.py     a file that is written under another name and renamed into place

Of these, only `selection` and `import_columns` read the database; `db.import_batches` stores records in it.
"""
