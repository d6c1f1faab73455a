"""OpenAI's chat protocol as servers really speak it: replies, refusals, bounds on what they send, and words for errors.

address.py   a server's address, key, timeout and retries
calls.py     one request with a JSON reply, for what is no answer: lists, adapters, log-probabilities
inspection.py  which program a server is, and what it offers
bounds.py    how much a server may send, and for how long
replies.py   the bytes of a reply → the text of an answer, or why there is none
pace.py      how many requests are in flight
adapters.py  adapters loaded, listed, unloaded and named in requests
scores.py    log-probabilities of a text, and whether they are those of an adapter
refusals.py  an error reply → which settings it refuses, or that a prompt is too long
words.py     failures as sentences
"""
