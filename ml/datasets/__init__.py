"""Loaders of public data sets; each returns a frame or facts with a documented schema."""
