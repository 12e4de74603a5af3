"""Floor 1: people and what is measured of them."""
