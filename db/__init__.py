"""SQLite: the schema, its migrations, the one writer, and every statement that stores or reads. No torch, no screen."""
