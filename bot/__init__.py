"""The Discord bot: what people ask for becomes jobs, and what is made comes back to them."""
