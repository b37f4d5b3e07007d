"""``python -m bot``."""

from bot.cli.main import app

if __name__ == "__main__":
    app()
