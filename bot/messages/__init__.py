"""What messages are made of: words, pictures, buttons. No callbacks, no network."""
