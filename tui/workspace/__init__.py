"""One folder with all of a person's work: how it is opened, its settings, backups, servers and consents."""
