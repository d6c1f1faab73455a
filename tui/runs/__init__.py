"""Runs that are over or in progress, read for screens and commands: curves, lists, differences and lineage."""
