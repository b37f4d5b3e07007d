"""What is said of words that the embedded model does not know; other models may know any. Pure."""

from generation import DRAWABLE_THINGS, ModelSpec, Sentence, unknown_words

EMBEDDED = "criar-embedded"
MAX_WORDS, MAX_SHOWN = 8, 200  # unknown words that are named, and characters of them


def vocabulary_notes(spec: ModelSpec, prompt: str) -> tuple[Sentence, ...]:
    """The sentence that names the words of a prompt of which the model will draw nothing; none if it knows them all."""
    words = unknown_words(prompt) if spec.id == EMBEDDED else ()
    if not words:
        return ()
    shown = ", ".join(words[:MAX_WORDS])[:MAX_SHOWN]  # letters and figures, nothing to escape
    return (
        Sentence(
            "{model} can draw {n} things, not: {words}.", {"model": spec.title, "n": DRAWABLE_THINGS, "words": shown}
        ),
    )
