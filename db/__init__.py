"""SQLite: the schema, its migrations, one writer, and what is stored and asked. No torch, no screen."""
