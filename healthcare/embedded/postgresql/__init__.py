"""Django's PostgreSQL backend, starting the embedded server at the first connection."""
