"""Loops that run beside the client."""
