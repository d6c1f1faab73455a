"""What a person collects: verdicts, prompts and the files that both come from.

labelling.py       stores verdicts, better answers and rankings, and undoes them
verdict_list.py    the judged pairs as the Data screen lists them; verdict_query.py: its filters
prompt_sets.py     prompts and their sets; near_prompts.py: those that are nearly the same
importer.py        an import; import_source.py, import_tally.py, import_format.py: its file, counts and words
joining.py         another person's workspace
conversations.py   past conversations of Ask; reasons.py: reasons of verdicts
"""
