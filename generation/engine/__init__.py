"""Everything that needs torch; only the worker's child process imports it."""
