"""The one rule that nobody can switch off: no sexualised depictions of minors. Pure.

A prompt is refused if it names a minor and something sexual, in English, Portuguese or Spanish, however it is
written. Words that mean adults as often ("girl") count only with what is plainly sexual; words that praise as often as
they sexualise ("sexy") count if they stand with the minor and not with a thing ("a boy with a sexy car" passes).
"""

import re
from collections.abc import Iterable

from bot.text.matching import Words, plain, readings

ADULT = 18  # years


def _words(text: str) -> Words:
    return Words(word.strip() for word in text.split(","))


MINORS = _words(
    """
    child, children, kid, kids, minor, minors, toddler*, infant, infants, baby, babies, preteen*, pre teen*,
    preadolescent*, prepubescent, teen, teens, teenage*, tween, tweens, adolescent*, underage*, under age, under
    aged, juvenile, schoolgirl*, schoolboy*, school girl*, school boy*, schoolchild*, kindergart*, preschool*,
    elementary school*, middle school*, high school student*, little girl*, little boy*, little sister*, little
    brother*, young girl*, young boy*, small girl*, small boy*, loli*, shota*, childlike, child like, underaged,
    newborn*, crianca*, menina, meninas, menino, meninos, menininh*, garotinh*, bebe, bebes, adolescente*, menor de
    idade, menores de idade, colegial, colegiais, novinh*, moleque*, infantil, infantis, pre adolescente*, nino,
    ninos, nina, ninas, ninit*, menor de edad, menores de edad, colegiala*, chiquill*, crio, crios, escolar,
    escolares, jovencit*, muchachit*
    """
)
#: adults are called so too
YOUTHS = _words(
    """
    girl, girls, boy, boys, garota, garotas, garoto, garotos, rapazinho, chica, chicas, chico, chicos, muchacha*,
    muchacho*, barely legal, teenie*
    """
)
SEXUAL = _words(
    """
    nude, nudes, nudity, naked, nsfw, sex, sexual*, sexualiz*, sexualis*, porn*, erotic*, hentai, ecchi, topless,
    bottomless, undress*, unclothed, without clothes, no clothes, without clothing, no clothing, strip tease,
    striptease, stripping, lingerie, genital*, nipple*, breasts, boobs, orgasm*, fetish*, bdsm, masturbat*,
    cleavage, thong, panties, aroused, lewd, xxx, r18, rule 34, rule34, explicit pose*, nu, nua, nus, nuas, pelad*,
    despid*, desnud*, nudez, sexo, sem roupa*, seios, calcinha*, excitad*, lascivo*, lasciva*, encuerad*, sin ropa,
    desvestid*, lenceria, tetas, pechos, bragas, tanga, en cueros
    """
)
#: nothing else is meant by these
ALWAYS = _words(
    """
    lolicon*, shotacon*, jailbait*, child porn*, pedophil*, paedophil*, pedofil*
    """
)

MILD = (
    r"(?:sexy|sexies|sexiest|seductive(?:ly)?|sensual(?:ly)?|sensuais|sensuales"
    r"|provocative(?:ly)?|provocante|provocativ[ao]|sedutora?|seductora?)"
)
# An example: in "a sexy young schoolgirl, smiling" MILD matches "sexy"; what follows, up to three _BETWEEN words, is
# " young schoolgirl", in which a minor is named. In "the schoolgirl is very sexy." nothing follows: what precedes is
# "schoolgirl is very " (a word, then _STANDING ones), and _CLAUSE_END matches the full stop. In "a boy with a sexy car"
# "car" stops _BETWEEN, and " car" is no end of a clause, so the adjective is the car's and the prompt passes.

#: between an adjective and what it stands with; not what leads to another noun
_BETWEEN = r"(?!(?:and|with|in|on|by|of|for|car|e|com|em|de|por|y|con|en|para)\b)\w+"
_STANDING = (
    r"(?:is|are|being|looking|look|looks|posing|pose|poses|dressed|acting|very|so|all"
    r"|esta|estan|muito|muy|fazendo|haciendo|posando|bem)"
)
_CLAUSE_END = r"(?=\s*(?:$|[.,;:!?)\n]|\bpose|\bposing|\boutfit|\bcloth|\blook|\bway\b|\band\b|\be\b|\by\b))"

#: the words as they stand in usual phrases, which say nothing of the kind
HARMLESS = re.compile(
    r"\b(?:naked (?:mole[ -]?rats?|eyes?|cakes?|trees?|bulbs?|flames?|truth|raptors?)"
    r"|nude (?:colou?rs?|tones?|shades?|palettes?|lipsticks?|heels|beige)"
    r"|baby (?:blue|pink|yellow|animals?|dragons?|elephants?|birds?|goats?|cats?|dogs?|yoda|groot|breath|shark)"
    r"|kid gloves"
    r"|pes? nus?|pies desnudos|ojo desnudo|a olho nu|arvores? nuas?|sex(?:tant|tet)"
    r"|(?:same|opposite) sex|sex pistols|cor nude|color nude|minor (?:key|chord|scale|details?|changes?))\b"
)

_AGE = re.compile(
    r"(?<![\w.])(\d{1,2})\s*(?:-|\s)?\s*(?:years?|yrs?|y)\s*(?:-|\s)?\s*(?:olds?|o)\b|(?<![\w.])(\d{1,2})\s*(?:yo|y/o|y\.o)\b"
    r"|\baged?\s*:?\s*(\d{1,2})\b|(?<![\w.])(\d{1,2})\s*(?:anos|aninhos|anitos)\b"
)
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_AGE_IN_WORDS = re.compile(rf"\b(?:{_NUMBERS.replace(' ', '|')})[ -]years?[ -]olds?\b")
_GROWN = _words(
    """
    adult, adults, grown up*, mature, of age, adulto*, adulta*, maduro*, madura*
    """
)


def sexualises_minors(prompts: Iterable[str], negative_prompt: str = "") -> bool:
    """Whether the prompts, of which each is about the same picture, together ask for such a depiction.

    ``negative_prompt`` says what is to be avoided: adults there, beside something sexual, mean minors.
    """
    text = " . ".join(HARMLESS.sub(" ", plain(prompt)) for prompt in prompts)
    texts = readings(text)
    if ALWAYS.find(texts):
        return True
    minor = MINORS.find(texts) is not None or _names_an_age(text)
    if SEXUAL.find(texts):
        return minor or YOUTHS.find(texts) is not None or _GROWN.find(readings(negative_prompt)) is not None
    return minor and _mildly(text)


def names_minors(prompts: Iterable[str]) -> bool:
    """Whether the prompts name a minor at all."""
    text = " . ".join(HARMLESS.sub(" ", plain(prompt)) for prompt in prompts)
    return MINORS.find(readings(text)) is not None or _names_an_age(text)


def _names_an_age(text: str) -> bool:
    ages = (next(filter(None, match.groups()), "99") for match in _AGE.finditer(text))
    return any(0 < int(age) < ADULT for age in ages) or _AGE_IN_WORDS.search(text) is not None


def _mildly(text: str) -> bool:
    """Whether an adjective that may sexualise stands with a minor: before it, or said of it."""
    for match in re.finditer(rf"\b{MILD}\b", text):
        before, after = text[: match.start()], text[match.end() :]
        following = re.match(rf"(?:\s+{_BETWEEN}){{1,3}}", after)
        preceding = re.search(rf"(?:[\w-]+\s+){{1,3}}(?:{_STANDING}\s+){{0,3}}$", before)
        if following and _is_minor(following[0]):
            return True
        if preceding and re.match(_CLAUSE_END, after) and _is_minor(preceding[0]):
            return True
    return False


def _is_minor(text: str) -> bool:
    return MINORS.find((text,)) is not None or _names_an_age(text)
