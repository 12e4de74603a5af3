"""Builders of estimators, one family a file: (recipe, parameters) to an unfitted pipeline."""
