"""What other programs get of a run: trackers, and a hook at its end."""
