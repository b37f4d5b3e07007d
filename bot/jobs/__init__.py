"""The life of an accepted request: queued, shown, delivered, tried again."""
