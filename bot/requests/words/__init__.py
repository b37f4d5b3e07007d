"""What words say of a picture, in English, Portuguese and Spanish: lists in words.toml, and patterns of them. Pure."""
