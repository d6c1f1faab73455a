"""What screens are made of: `frame`, `pair`, `form`, `lists`, `charts` and `runs`."""
