"""What a person sees, a screen for each module: `pairs` (Label), `runs` (Train and Runs), `compare`, `data` and `ask`.

base.py       what every screen has: top line, body, status line, key line; actions.py: groups of keys
modes.py      the screens of the app's modes, and every stylesheet
dialog.py, picker.py, name_picker.py   dialogs over a screen
servers.py, models.py, settings.py     screens that belong to no mode
error_guard.py                         what happens after an error
key_registry.py, help.py, palette.py   every key, gathered from the declarations
"""
