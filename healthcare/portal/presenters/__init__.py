"""Rows and dataclasses of the floors as words and chart specifications for templates."""
