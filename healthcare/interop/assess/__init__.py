"""`POST /api/v1/assess/`: one person's facts in, predictions and recommendations out."""
