"""Slash commands for members about themselves, the queue and the models."""
