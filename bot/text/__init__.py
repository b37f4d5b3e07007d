"""Sentences: translated, made safe for Discord, matched against words."""
