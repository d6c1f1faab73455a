"""The fast path for models of Llama's shape: scoring of packed pairs, and decoding; `support.py` has its limits."""
