"""The terminal as a device: signals, redirected output, logs and notifications."""
