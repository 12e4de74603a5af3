"""How far off a prediction may be, and when to give none."""
