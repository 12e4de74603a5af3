"""What the models read of a person, defined once for training and serving."""
