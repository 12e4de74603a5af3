"""Plotly figures; plotly itself is imported when a figure is made."""
