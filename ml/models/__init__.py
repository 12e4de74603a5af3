"""Fitted model forms and how many of them are packed into small arrays."""
