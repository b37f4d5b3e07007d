"""The three nets, their data and their training."""
