"""Studies: each a frozen description of population, outcome, inputs, model and tiers."""
