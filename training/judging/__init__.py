"""What the trained model is worth."""
