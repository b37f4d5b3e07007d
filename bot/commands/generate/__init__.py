"""Slash commands and menus that make pictures."""
