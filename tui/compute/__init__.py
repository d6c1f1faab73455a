"""The one thread that uses torch: its scheduler, the loaded model, and what every job on it works with."""
