"""What /help says."""

from bot.commands.members.help import help_embed
from bot.text.translate import speaker
from generation import Catalogue

CATALOGUE = Catalogue.load()


def test_help_says_of_the_embedded_model_alone_from_where_on_it_keeps_no_composition() -> None:
    """It draws things in its own place and size from 0.8 on, which larger models do not."""
    say = speaker("en-US")
    fields = {model: str(help_embed(say, CATALOGUE.get(model)).to_dict()) for model in ("criar-embedded", "sd15")}
    assert "Criar embedded keeps it up to 0.7" in fields["criar-embedded"]
    assert "keeps it up to" not in fields["sd15"]
