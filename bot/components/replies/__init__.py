"""Messages that are meant for us: words in reply to a picture, mentions, and what is written directly."""
