"""Palate in a terminal: screens, commands, and the layer between them and the engine."""

import os

# Textual reads this at its import. It gathers changes for a frame: at its 60 frames a second a pair was painted 16 ms
# later. Nothing here moves by itself, so more frames a second are not more frames.
os.environ.setdefault("TEXTUAL_FPS", "120")
