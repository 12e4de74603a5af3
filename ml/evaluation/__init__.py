"""Measures of prediction quality: plain functions on arrays, each with an interval."""
