"""What may be asked for and shown, by whom and how often."""
