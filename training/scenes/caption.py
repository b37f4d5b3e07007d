"""Scenes in words, as people would type them, in English, Portuguese and Spanish."""

import unicodedata
from random import Random

from .scene import USUAL_STYLES, Scene
from .things import LANGUAGES, load_things, plural

COLOURS = {
    "white": {"en": ["white"], "pt": ["branco"], "es": ["blanco"]},
    "black": {"en": ["black"], "pt": ["preto"], "es": ["negro"]},
    "gray": {"en": ["gray", "grey"], "pt": ["cinza"], "es": ["gris"]},
    "red": {"en": ["red"], "pt": ["vermelho"], "es": ["rojo"]},
    "orange": {"en": ["orange"], "pt": ["laranja"], "es": ["naranja"]},
    "yellow": {"en": ["yellow"], "pt": ["amarelo"], "es": ["amarillo"]},
    "green": {"en": ["green"], "pt": ["verde"], "es": ["verde"]},
    "light green": {"en": ["light green", "pale green"], "pt": ["verde claro"], "es": ["verde claro"]},
    "teal": {"en": ["teal", "turquoise"], "pt": ["turquesa"], "es": ["turquesa"]},
    "light blue": {"en": ["light blue", "sky blue"], "pt": ["azul claro"], "es": ["celeste", "azul claro"]},
    "blue": {"en": ["blue"], "pt": ["azul"], "es": ["azul"]},
    "dark blue": {"en": ["dark blue", "navy", "navy blue"], "pt": ["azul escuro"], "es": ["azul oscuro"]},
    "purple": {"en": ["purple", "violet"], "pt": ["roxo"], "es": ["morado", "violeta"]},
    "pink": {"en": ["pink"], "pt": ["rosa", "cor-de-rosa"], "es": ["rosa", "rosado"]},
    "brown": {"en": ["brown"], "pt": ["marrom", "castanho"], "es": ["marrón", "café"]},
    "beige": {"en": ["beige", "cream"], "pt": ["bege"], "es": ["beige"]},
}
STYLES = {
    "flat": {"en": ["flat", "minimal", "flat vector"], "pt": ["plano", "minimalista"], "es": ["plano", "minimalista"]},
    "3d": {"en": ["3d", "3d render", "glossy 3d"], "pt": ["3d"], "es": ["3d"]},
    "cartoon": {
        "en": ["cartoon", "comic"],
        "pt": ["desenho animado", "cartoon"],
        "es": ["dibujo animado", "caricatura"],
    },
    "outlined": {
        "en": ["outlined", "outline", "bold outline"],
        "pt": ["contornado", "contorno"],
        "es": ["contorneado", "contorno"],
    },
}
STYLE_WORDS = {
    "en": ["{}, {s}", "{}, {s} style", "{} in {s} style", "{s} style, {}", "{s}, {}"],
    "pt": ["{}, {s}", "{}, estilo {s}", "{} em estilo {s}"],
    "es": ["{}, {s}", "{}, estilo {s}", "{} en estilo {s}"],
}
BACKGROUNDS = {
    "en": ["{} on a {c} background"] * 4
    + [
        "{}, {c} background",
        "{} on {c}",
        "{c} background, {}",
        "{} with a {c} background",
        "{} against a {c} background",
    ],
    "pt": ["{} em fundo {c}", "{} em um fundo {c}", "{} com fundo {c}", "{}, fundo {c}", "{} sobre fundo {c}"],
    "es": ["{} sobre fondo {c}", "{} sobre un fondo {c}", "{} con fondo {c}", "{}, fondo {c}", "{} en un fondo {c}"],
}
ARTICLES = {"en": ["a"], "pt": ["um", "uma"], "es": ["un", "una"]}
SMALL = {"en": ["small", "tiny", "little"], "pt": ["pequeno", "pequena"], "es": ["pequeño", "pequeña"]}
BIG = {"en": ["big", "large", "huge"], "pt": ["grande", "enorme"], "es": ["grande", "enorme"]}
NUMBERS = {"en": {2: "two", 3: "three"}, "pt": {2: "dois", 3: "três"}, "es": {2: "dos", 3: "tres"}}
COLUMNS = {"en": ["left", "", "right"], "pt": ["esquerdo", "", "direito"], "es": ["izquierda", "", "derecha"]}
ROWS = {"en": ["top", "", "bottom"], "pt": ["superior", "", "inferior"], "es": ["arriba", "", "abajo"]}
ROWS_ALONE = {"en": ["top", "", "bottom"], "pt": ["em cima", "", "embaixo"], "es": ["arriba", "", "abajo"]}
COLUMNS_ALONE = {
    "en": ["left", "", "right"],
    "pt": ["à esquerda", "", "à direita"],
    "es": ["a la izquierda", "", "a la derecha"],
}
BESIDE = {
    "en": [
        "{a} next to {b}",
        "{a} and {b}",
        "{a} on the left and {b} on the right",
        "{a} left of {b}",
        "{a} with {b}",
        "{a} beside {b}",
        "{b} on the right and {a} on the left",
        "{b} right of {a}",
    ],
    "pt": ["{a} ao lado de {b}", "{a} e {b}", "{a} à esquerda e {b} à direita", "{a} com {b}"],
    "es": [
        "{a} al lado de {b}",
        "{a} y {b}",
        "{a} a la izquierda y {b} a la derecha",
        "{a} junto a {b}",
        "{a} con {b}",
    ],
}
ABOVE = {
    "en": ["{a} above {b}", "{a} on top of {b}", "{b} below {a}", "{b} under {a}", "{a} over {b}"],
    "pt": ["{a} acima de {b}", "{a} em cima de {b}", "{b} embaixo de {a}"],
    "es": ["{a} encima de {b}", "{a} sobre {b}", "{b} debajo de {a}"],
}
OPENINGS = {
    "en": [
        "a picture of {}",
        "a drawing of {}",
        "an image of {}",
        "an emoji of {}",
        "a photo of {}",
        "draw {}",
        "illustration of {}",
        "the {}",
        "my {}",
    ],
    "pt": ["um desenho de {}", "uma imagem de {}", "uma foto de {}", "ilustração de {}", "desenhe {}"],
    "es": ["un dibujo de {}", "una imagen de {}", "una foto de {}", "ilustración de {}", "dibuja {}"],
}
#: words that say nothing which can be drawn; people type them all the same
FILLERS = (
    "beautiful cute happy sad funny lovely nice pretty epic cool amazing old new young magical cosmic majestic angry "
    "shiny detailed realistic colorful vibrant bonito bonita lindo linda feliz triste hermoso hermosa bello"
).split()
ENDINGS = (
    "masterpiece|best quality|high quality|highly detailed|4k|8k|digital art|trending on artstation|studio lighting|"
    "in the forest|at night|by the sea|in space|wearing a hat|sitting|dancing|at sunset|watercolor|oil painting|"
    "pixel art|anime|photorealistic|alta qualidade|muito detalhado|alta calidad|muy detallado|de noite|en el bosque"
).split("|")
LETTERS = "aeioubcdfglmnprstvz"


def caption(scene: Scene, random: Random, language: str | None = None) -> str:
    """One way to ask for the scene. It names a background other than white, and an unusual style, always."""
    language = language or random.choices(LANGUAGES, [0.6, 0.2, 0.2])[0]
    text, said_style = _subject(scene, random, language)
    wants_style = scene.style not in USUAL_STYLES or random.random() < 0.5
    if wants_style and not said_style:
        text = random.choice(STYLE_WORDS[language]).format(text, s=random.choice(STYLES[scene.style][language]))
    if scene.colour != "white" or random.random() < 0.4:
        text = random.choice(BACKGROUNDS[language]).format(text, c=random.choice(COLOURS[scene.colour][language]))
    if random.random() < 0.12:
        text = random.choice(OPENINGS[language]).format(text)
    if random.random() < 0.15:
        text += ", " + ", ".join(random.choice(ENDINGS) for _ in range(random.choice([1, 1, 2, 3])))
    if language != "en" and random.random() < 0.3:
        text = without_accents(text)
    return text


def without_accents(text: str) -> str:
    """As people type who have no time for accents."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _subject(scene: Scene, random: Random, language: str) -> tuple[str, bool]:
    """Return the things with their sizes and places, and whether the style was said with them."""
    names = [_name(thing, random, language) for thing in scene.things]
    if scene.layout == "many":
        name = plural(names[0], language)
        number = NUMBERS[language][scene.count]
        return (name if scene.count == 3 and random.random() < 0.4 else f"{number} {name}"), False
    words, said_style = _adjectives(scene, random, language)
    first = _with_article(_described(names[0], words, language), random, language)
    if len(names) == 2:
        other = _with_article(names[1], random, language)
        pattern = random.choice((BESIDE if scene.layout == "row" else ABOVE)[language])
        return pattern.format(a=first, b=other), said_style
    if scene.layout == "small" and scene.placed:
        first += place_said(scene.place, random, language)
    return first, said_style


def _name(thing: int, random: Random, language: str) -> str:
    names = load_things()[thing].names[language]
    return names[0] if random.random() < 0.6 else random.choice(names)


def _adjectives(scene: Scene, random: Random, language: str) -> tuple[list[str], bool]:
    words = []
    # Who names a corner often leaves "small" out.
    if scene.layout == "small" and not (scene.placed and scene.place != (1, 1) and random.random() < 0.2):
        words.append(random.choice(SMALL[language]))
    if scene.layout == "big":
        words.append(random.choice(BIG[language]))
    if random.random() < 0.15:
        words.append(random.choice(FILLERS) if random.random() < 0.6 else _nonsense(random))
    said_style = language == "en" and random.random() < (0.3 if scene.style in USUAL_STYLES else 0.4)
    if said_style:
        words.append(random.choice(STYLES[scene.style][language]))
    return words, said_style


def _described(name: str, words: list[str], language: str) -> str:
    return " ".join([*words, name] if language == "en" else [name, *words])


def _with_article(name: str, random: Random, language: str) -> str:
    if random.random() < 0.3 or name.endswith("s"):
        return name
    article = random.choice(ARTICLES[language])
    return f"{article}n {name}" if article == "a" and name[0] in "aeiou" else f"{article} {name}"


def place_said(place: tuple[int, int], random: Random, language: str) -> str:
    """One way to say a small thing's place, to stand after its name."""
    column, row = place
    if (column, row) == (1, 1):
        return random.choice(
            {"en": [" in the center", " in the middle"], "pt": [" no centro"], "es": [" en el centro"]}[language]
        )
    across, down = COLUMNS[language][column], ROWS[language][row]
    if not (across and down):
        alone = COLUMNS_ALONE[language][column] or ROWS_ALONE[language][row]
        return (
            random.choice([" on the {}", " at the {}", " in the {}", ", {}"]).format(alone)
            if language == "en"
            else f" {alone}"
        )
    if language == "en":
        return random.choice([" in the {}", " in the {} corner", ", {}", " at the {}", " on the {}"]).format(
            f"{down} {across}"
        )
    if language == "pt":
        return f" no canto {down} {across}"
    return random.choice(
        [f" {down} a la {across}", f" en la esquina {'superior' if row == 0 else 'inferior'} {across}"]
    )


def _nonsense(random: Random) -> str:
    return "".join(random.choice(LETTERS) for _ in range(random.randrange(3, 9)))
