"""Floor 2: models, scores, watchfulness."""
