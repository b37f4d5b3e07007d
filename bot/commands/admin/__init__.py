"""Slash commands of a server's admins."""
