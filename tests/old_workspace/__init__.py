"""Workspaces that earlier code wrote, kept as text: one folder for each database schema, named after its number.

`restore` makes a workspace folder from the text, `keep` makes the text from a workspace folder.
"""
