"""What needs an interaction: acknowledging it, rights, defaults, language, errors."""
