"""The tokenizer: byte-pair encoding learnt from captions, in CLIP's format."""

import json
import shutil
from random import Random

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from ..paths import TOKENIZER
from ..scenes.caption import caption
from ..scenes.scene import random_scene
from ..scenes.things import LANGUAGES, load_things, plural

LENGTH = 48  # tokens of a prompt, with its begin and end
WORDS = 2400  # size of the vocabulary before the bytes that are missing
CAPTIONS = 20000
BEGIN, END = "<|startoftext|>", "<|endoftext|>"
#: CLIP's own pattern for words, numbers and signs
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def make() -> CLIPTokenizer:
    """Learn the vocabulary and save the tokenizer."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=END))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        _texts(),
        trainers.BpeTrainer(
            vocab_size=WORDS,
            min_frequency=2,
            initial_alphabet=letters,
            end_of_word_suffix="</w>",
            show_progress=False,
        ),
    )
    shutil.rmtree(TOKENIZER, ignore_errors=True)
    TOKENIZER.mkdir(parents=True)
    tokenizer.model.save(str(TOKENIZER))
    file = TOKENIZER / "vocab.json"
    words = json.loads(file.read_text())
    for word in [form for letter in letters for form in (letter, letter + "</w>")] + [BEGIN, END]:
        words.setdefault(word, len(words))
    file.write_text(json.dumps(words, ensure_ascii=False))
    made = CLIPTokenizer.from_pretrained(TOKENIZER, model_max_length=LENGTH)
    made.save_pretrained(TOKENIZER)
    return made


def load() -> CLIPTokenizer:
    """Return the tokenizer that make() saved."""
    return CLIPTokenizer.from_pretrained(TOKENIZER)


def _texts() -> list[str]:
    random = Random(0)
    names = [
        form
        for thing in load_things()
        for language in LANGUAGES
        for name in thing.names[language]
        for form in (name, plural(name, language))
    ]
    return names * 6 + [caption(random_scene(random), random) for _ in range(CAPTIONS)]
