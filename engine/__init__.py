"""What is computed with torch: answers to prompts, and runs that train an adapter. It knows no database and no screen.

Start here:

    train.py      `train_dpo`, a run as a generator of events; training/step.py is one optimizer step of it
    dpo.py        the losses, as functions of tensors
    generate.py   `generate`, the decode loop: answers to several prompts together; sampling.py draws their tokens
    model.py      the base model in memory, and the LoRA adapters on it
    config.py     every setting of a run and of sampling; events.py: what the engine reports while it works
    checkpoint.py what an exact resume needs

Folders: `llama` (the fast path), `training` (the parts of a run), `estimates` (memory and time), `sources` (where a
model comes from), `export` (merged models, GGUF), `chat_servers` (servers that answer), `distributed` (a run on several
devices), `compat` (private names of libraries).
"""

import os

# torch keeps a compiled kernel for each shape of a product of matrices, in two caches of 1,024 that read these at their
# first use. The lengths of answers make ever new shapes: 490 MB were kept so, and with 128 it is 90, at the same speed.
for _cache in ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY"):
    os.environ.setdefault(_cache, "128")
