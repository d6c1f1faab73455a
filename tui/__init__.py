"""Palate in a terminal: screens, commands, and the layer between them and the engine.

`start.py` decides quickly what is wanted, `cli.py` parses the command line, and `run_app.py` runs the app: `app.py`, or
`watch_app.py` beside an owner. `workbench.py` is all that the application can do with a workspace, and `reader.py` the
part that only reads. `events.py` has what the workbench publishes, and `snapshots.py` the states that screens draw.

    curation     verdicts, prompts, imports         generation   answers written ahead, by the model or a server
    training     a run, from settings to outcome    trials       blind trials and their results
    asking       questions of Ask                   judges       programs and models that judge
    runs         runs, read for screens             analysis     statistics of verdicts and trials
    compute      the one thread that uses torch     workspace    the folder: settings, backups, servers, consents
    ipc          a second process on a workspace    export       adapters and models that leave it
    machine, terminal, tracking, text               screens, widgets, commands: what a person sees and types
"""

import os

# Textual reads this at its import. It gathers changes for a frame: at its 60 frames a second a pair was painted 16 ms
# later. Nothing here moves by itself, so more frames a second are not more frames.
os.environ.setdefault("TEXTUAL_FPS", "120")
