"""Artwork, and the scenes and captions that are made of it."""
