"""Answers written before a person asks for them.

queue_filler.py        keeps the queue full: which prompts are next, and when it writes
pair_batch.py          prompts that are answered together, and their answers so far
pair_writer.py         two answers to each prompt, different enough, stored together
completion_writer.py   the answers themselves, by the model here (`engine/generate.py` has the decode loop) or a server
policies.py            who can answer: the base, an adapter, or either on a server
publishing.py          an adapter sent to a server, and checked there
margin_scorer.py       scores ready pairs, so that those the adapter is least sure of can be asked first
prompt_growth.py       more prompts, written by a model and chosen by a person
"""
