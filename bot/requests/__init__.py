"""What a person asked for, as a Request. Pure."""
