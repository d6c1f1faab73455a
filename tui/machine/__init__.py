"""What the machine does while it computes: use, memory, temperature and power."""
