"""Replies as people write them, and how they are read."""

from typing import Any

import pytest

from bot.errors import Refusal
from bot.requests.flags import LINK
from bot.requests.picture_choice import read_choice
from bot.requests.reply_parser import read_reply

FIELDS = ("prompt", "strength", "count", "enlarge", "same_seed", "unknown")
TABLE: list[tuple[str, dict[str, Any]]] = [
    # English: words of strength
    ("as a watercolour, strong", {"prompt": "as a watercolour", "strength": 0.8}),
    ("as a watercolour", {"prompt": "as a watercolour"}),
    ("a dog, subtle", {"prompt": "a dog", "strength": 0.25}),
    ("subtle, a dog", {"prompt": "a dog", "strength": 0.25}),
    ("medium", {"strength": 0.5}),
    ("a bit, more blue", {"prompt": "more blue", "strength": 0.25}),
    ("Strongly, as an oil painting", {"prompt": "as an oil painting", "strength": 0.8}),
    ("a lot", {"strength": 0.8}),
    ("a cup of strong coffee", {"prompt": "a cup of strong coffee"}),
    ("a light blue sky", {"prompt": "a light blue sky"}),
    ("high mountains, gentle", {"prompt": "high mountains", "strength": 0.25}),
    # numbers
    ("0.4", {"strength": 0.4}),
    ("as a sketch 0.4", {"prompt": "as a sketch", "strength": 0.4}),
    ("as a sketch, 40%", {"prompt": "as a sketch", "strength": 0.4}),
    ("as a sketch at 40%", {"prompt": "as a sketch", "strength": 0.4}),
    ("40% as a sketch", {"prompt": "40% as a sketch"}),
    ("0,6, wie ein Bild", {"prompt": "wie ein Bild", "strength": 0.6}),
    ("strength 0.7, a red car", {"prompt": "a red car", "strength": 0.7}),
    ("a red car, strength: 0.7", {"prompt": "a red car", "strength": 0.7}),
    ("a red car with strength 70%", {"prompt": "a red car", "strength": 0.7}),
    ("strength strong, a red car", {"prompt": "a red car", "strength": 0.8}),
    ("100%", {"strength": 1.0}),
    ("150%", {"prompt": "150%"}),
    ("3 cats", {"prompt": "3 cats"}),
    ("a house with 2 doors", {"prompt": "a house with 2 doors"}),
    # count
    ("4x", {"enlarge": 4}),
    ("2x", {"enlarge": 2}),
    ("x2 please", {"enlarge": 2}),
    ("2x --seed 5", {"enlarge": 2, "seed": 5}),
    ("2x, strong", {"count": 2, "strength": 0.8}),
    ("same seed but a dog", {"prompt": "a dog", "same_seed": True}),
    ("a dog, same seed", {"prompt": "a dog", "same_seed": True}),
    ("um cachorro com a mesma semente", {"prompt": "um cachorro", "same_seed": True}),
    ("misma semilla pero de noche", {"prompt": "de noche", "same_seed": True}),
    ("but make it darker", {"prompt": "darker"}),
    ("make it 16x9", {"size": "16x9"}),
    ("a dog --ar 16x9", {"prompt": "a dog", "size": "16x9"}),
    ("a dog --ar 16 : 9, strong", {"prompt": "a dog", "size": "16 : 9", "strength": 0.8}),
    ("a\u200b dog\ufeff --ar\u200b 3:2", {"prompt": "a dog", "size": "3:2"}),
    ("as a painting 4x", {"prompt": "as a painting", "count": 4}),
    ("x2, as a painting", {"prompt": "as a painting", "count": 2}),
    ("3 pictures, a dog", {"prompt": "a dog", "count": 3}),
    ("9x a dog", {"prompt": "a dog", "count": 4}),
    ("512x384 box", {"prompt": "512x384 box"}),
    ("2x, strong, as a comic", {"prompt": "as a comic", "count": 2, "strength": 0.8}),
    # flags from Midjourney
    ("a dog --ar 16:9", {"prompt": "a dog", "size": "16:9"}),
    ("a dog --seed 7", {"prompt": "a dog", "seed": 7}),
    ("a dog --no text, words", {"prompt": "a dog", "negative_prompt": "text, words"}),
    ("a dog --no text --ar 3:2", {"prompt": "a dog", "negative_prompt": "text", "size": "3:2"}),
    ("a dog —ar 1:1", {"prompt": "a dog", "size": "1:1"}),
    ("a dog --v 6", {"prompt": "a dog", "unknown": ("--v",)}),
    ("a dog --stylize 250 --ar 9:16", {"prompt": "a dog", "size": "9:16", "unknown": ("--stylize",)}),
    ("--seed 5 a dog in the rain", {"prompt": "a dog in the rain", "seed": 5}),
    ("a dog --seed -1", {"prompt": "a dog", "seed": None}),
    ("a dog –ar 3:2", {"prompt": "a dog", "size": "3:2"}),
    ("a cat — very fluffy — on a mat", {"prompt": "a cat — very fluffy — on a mat"}),
    ("a cat —no joke— on a mat", {"prompt": "a cat —no joke— on a mat"}),
    ("a 3 x 5 card", {"prompt": "a 3 x 5 card"}),
    ("a wall with 3 pictures", {"prompt": "a wall with 3 pictures"}),
    ("3 pictures of a dog", {"prompt": "a dog", "count": 3}),
    ("bigger", {"enlarge": 2}),
    ("2x bigger", {"enlarge": 2}),
    ("upscale 2x", {"enlarge": 2}),
    ("Upscale it 4x, please", {"enlarge": 4}),
    ("make it bigger", {"enlarge": 2}),
    ("a bigger hat", {"prompt": "a bigger hat"}),
    ("maior", {"enlarge": 2}),
    ("más grande", {"enlarge": 2}),
    ("ampliar 4x", {"enlarge": 4}),
    ("a dog --strength 0.3", {"prompt": "a dog", "strength": 0.3}),
    ("a dog --n 2", {"prompt": "a dog", "count": 2}),
    ("well-known dog - a portrait", {"prompt": "well-known dog - a portrait"}),
    # as phones and habits from elsewhere write it
    ("a dog --ar16:9", {"prompt": "a dog", "size": "16:9"}),
    ("a dog -ar 3:2", {"prompt": "a dog", "size": "3:2"}),
    ("a well-known dog -no collar", {"prompt": "a well-known dog -no collar"}),
    ("/imagine prompt: a dog --ar 3:2", {"prompt": "a dog", "size": "3:2"}),
    ("prompt: a dog in the snow", {"prompt": "a dog in the snow"}),
    ("<:pepe:123456789012345678> as a watercolour", {"prompt": "as a watercolour"}),
    ("“a dog in the snow”", {"prompt": "a dog in the snow"}),
    ("make it 16:9", {"size": "16:9"}),
    ("em 9:16", {"size": "9:16"}),
    ("without the hat, seed 42", {"prompt": "without the hat", "seed": 42}),
    ("con semilla 7", {"seed": 7}),
    ("make it 2x bigger", {"enlarge": 2}),
    ("amplie para 4x", {"enlarge": 4}),
    ("amplíalo por 4", {"enlarge": 4}),
    (".3", {"strength": 0.3}),
    ("strength .3", {"strength": 0.3}),
    ("again", {}),
    ("try again please", {}),
    ("faz de novo", {}),
    ("otra vez", {}),
    ("same but at night", {"prompt": "at night"}),
    ("again but blue", {"prompt": "blue"}),
    ("outra vez mas à noite", {"prompt": "à noite"}),
    ("a dog --style raw --q 2", {"prompt": "a dog", "raw": True, "unknown": ("--q",)}),
    ("a dog --steps 30 --cfg 7,5", {"prompt": "a dog", "num_inference_steps": 30, "guidance_scale": 7.5}),
    ("a dog --model Criar embedded", {"prompt": "a dog", "model": "Criar embedded"}),
    ("a dog --iw 0.5", {"prompt": "a dog", "unknown": ("--iw",)}),
    ("stronger", {"strength": 0.8}),
    ("two versions, a dog", {"prompt": "a dog", "count": 2}),
    # openings that say nothing
    ("make it blue", {"prompt": "blue"}),
    ("make it into a dragon, a bit", {"prompt": "a dragon", "strength": 0.25}),
    ("make it a dragon", {"prompt": "a dragon"}),
    ("Please turn this into a dragon", {"prompt": "a dragon"}),
    ("turn it into a dragon, strong", {"prompt": "a dragon", "strength": 0.8}),
    # Portuguese
    ("como aquarela, forte", {"prompt": "como aquarela", "strength": 0.8}),
    ("um cachorro, sutil", {"prompt": "um cachorro", "strength": 0.25}),
    ("um pouco, mais azul", {"prompt": "mais azul", "strength": 0.25}),
    ("médio", {"strength": 0.5}),
    ("força 0,4, um gato", {"prompt": "um gato", "strength": 0.4}),
    ("intensidade 40%", {"strength": 0.4}),
    ("um café forte", {"prompt": "um café forte"}),
    ("2 imagens, um gato", {"prompt": "um gato", "count": 2}),
    ("um gato --sem texto", {"prompt": "um gato", "negative_prompt": "texto"}),
    ("faça um dragão", {"prompt": "um dragão"}),
    ("mais forte", {"strength": 0.8}),
    ("quatro imagens, um gato, só um pouco", {"prompt": "um gato", "count": 4, "strength": 0.25}),
    ("um gato, muito forte, 3x", {"prompt": "um gato", "strength": 0.8, "count": 3}),
    # Spanish
    ("como acuarela, fuerte", {"prompt": "como acuarela", "strength": 0.8}),
    ("un perro, ligeramente", {"prompt": "un perro", "strength": 0.25}),
    ("un poco", {"strength": 0.25}),
    ("medio, un perro", {"prompt": "un perro", "strength": 0.5}),
    ("fuerza 0.4, un gato", {"prompt": "un gato", "strength": 0.4}),
    ("un gato 60%", {"prompt": "un gato", "strength": 0.6}),
    ("2 imágenes, un gato", {"prompt": "un gato", "count": 2}),
    ("un gato --sin texto", {"prompt": "un gato", "negative_prompt": "texto"}),
    ("un café fuerte en la mesa", {"prompt": "un café fuerte en la mesa"}),
    ("hazlo como cómic", {"prompt": "como cómic"}),
    # links, as image prompts are written elsewhere
    ("https://cdn.example/cat.png a cat as a king", {"prompt": "a cat as a king", "unknown": (LINK,)}),
    ("a [red](https://evil.example/x) cat --iw 2", {"prompt": "a red cat", "unknown": ("--iw", LINK)}),
    ("a dog --sref https://cdn.example/x.png", {"prompt": "a dog", "unknown": ("--sref",)}),
    # the same in other words
    ("4 times bigger", {"enlarge": 4}),
    ("make it twice as big", {"enlarge": 2}),
    ("o dobro do tamanho", {"enlarge": 2}),
    ("4 veces más grande", {"enlarge": 4}),
    ("aumenta pra mim", {"enlarge": 2}),
    ("a dog (strong)", {"prompt": "a dog", "strength": 0.8}),
    ("a dog, high strength", {"prompt": "a dog", "strength": 0.8}),
    ("a dog with low strength", {"prompt": "a dog", "strength": 0.25}),
    ("metade, um gato", {"prompt": "um gato", "strength": 0.5}),
    ("bien fuerte", {"strength": 0.8}),
    ("give me 3 versions", {"count": 3}),
    ("in portrait format", {"size": "portrait"}),
    ("make it square", {"size": "square"}),
    ("a dog seed 99", {"prompt": "a dog", "seed": 99}),
    ("same again", {}),
    ("soft light", {"prompt": "soft light"}),
    ("a room of 3x4 m", {"prompt": "a room of 3x4 m"}),
    ("a dog -- seed 4", {"prompt": "a dog", "seed": 4}),
    ("a dog -- no collar", {"prompt": "a dog -- no collar"}),
    ("a dog --no cats --no birds", {"prompt": "a dog", "negative_prompt": "cats, birds"}),
    ("a dog --chaos 20, in the rain", {"prompt": "a dog, in the rain", "unknown": ("--chaos",)}),
    ("a dog --count two", {"prompt": "a dog", "count": 2}),
    ("más fuerte, dos versiones", {"strength": 0.8, "count": 2}),
]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[text for text, _ in TABLE])
def test_a_reply_is_read_as_people_mean_it(text: str, expected: dict[str, Any]) -> None:
    """Strength, count, shape, seed and what to avoid are taken; the rest is the prompt."""
    phrase = read_reply(text)
    read = {name: value for name in FIELDS if (value := getattr(phrase, name)) not in (None, "", (), False)}
    assert read | dict(phrase.flags) == expected


@pytest.mark.parametrize(
    "flag",
    [
        "--seed 99999999999",
        "--seed x",
        "--count 9",
        "--strength nan",
        "--strength inf",
        "--cfg 99",
        "--steps 0",
        "--ar",
    ],
)
def test_a_known_flag_with_a_wrong_value_says_its_range(flag: str) -> None:
    """Its value never ends in the prompt."""
    with pytest.raises(Refusal):
        read_reply(f"a dog {flag}")


@pytest.mark.parametrize(
    ("words", "prompt"),
    [
        ("as a watercolour", "a cat, as a watercolour"),
        ("com chapéu", "a cat, com chapéu"),
        ("en la playa", "a cat, en la playa"),
        ("a dog", "a dog"),
        ("strong", "a cat"),
        ("asparagus", "asparagus"),
        ("make it look like a sketch", "a cat, look like a sketch"),
        ("make it darker", "a cat, darker"),
        ("make it a dog", "a dog"),
        ("deixe mais escuro", "a cat, mais escuro"),
        ("hazlo azul", "a cat, azul"),
        ("turn it into a dog", "a dog"),
        ("bluer", "a cat, bluer"),
        ("a lot darker", "a cat, a lot darker"),
        ("blue", "a cat, blue"),
        ("ghibli style please", "a cat, ghibli style"),
        ("watercolor version", "a cat, watercolor version"),
        ("fundo branco", "a cat, fundo branco"),
        ("que tenga alas", "a cat, que tenga alas"),
        ("again but blue", "a cat, blue"),
        ("try again", "a cat"),
        ("🌙", "🌙"),
    ],
)
def test_words_that_only_change_keep_the_picture_s_prompt(words: str, prompt: str) -> None:
    """A change such as "as a watercolour" is added to what the picture shows; "a dog" takes its place."""
    assert read_reply(words).prompt_for("a cat") == prompt


@pytest.mark.parametrize(
    ("text", "place", "rest"),
    [
        ("U2", 1, ""),
        ("the second, as a watercolour", 1, "as a watercolour"),
        ("as a watercolour, the third one", 2, "as a watercolour"),
        ("#4 bigger", 3, "bigger"),
        ("u 2", 1, ""),
        ("U 3, as a watercolour", 2, "as a watercolour"),
        ("the 2nd", 1, ""),
        ("second one", 1, ""),
        ("3rd picture at night", 2, "at night"),
        ("segunda imagen, más oscura", 1, "más oscura"),
        ("terceira imagem", 2, ""),
        ("the second floor", None, "the second floor"),
        ("second thoughts", None, "second thoughts"),
        ("picture 1 at night", 0, "at night"),
        ("the last one, strong", 3, "strong"),
        ("la segunda, más oscuro", 1, "más oscuro"),
        ("a terceira imagem à noite", 2, "à noite"),
        ("on the second floor of a house", None, "on the second floor of a house"),
        ("as a watercolour", None, "as a watercolour"),
        ("u5", None, "u5"),
        ("2", 1, ""),
        ("(3)", 2, ""),
        ("U2 please", 1, ""),
        ("no. 3", 2, ""),
        ("option 2", 1, ""),
        ("picture two", 1, ""),
        ("number four", 3, ""),
        ("4th as a watercolour", 3, "as a watercolour"),
        ("last one as a sketch", 3, "as a sketch"),
        ("na quarta coloca um chapéu", 3, "coloca um chapéu"),
        ("make the second one darker", 1, "make it darker"),
        ("top left", 0, ""),
        ("bottom right, as a sketch", 3, "as a sketch"),
        ("a cat in the top left", None, "a cat in the top left"),
        ("top left corner, a bird", None, "top left corner, a bird"),
        ("first snow of winter", None, "first snow of winter"),
        ("the last unicorn", None, "the last unicorn"),
    ],
)
def test_one_of_several_pictures_is_named_in_words(text: str, place: int | None, rest: str) -> None:
    """By number, ordinal or Midjourney's button, before or after the other words."""
    assert read_choice(text, 4) == (place, rest)
