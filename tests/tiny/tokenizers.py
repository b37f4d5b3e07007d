"""Tokenizers made from nothing: one token a byte or letter."""

from typing import Any

import transformers
from tokenizers.pre_tokenizers import ByteLevel

#: of Qwen's vocabulary; ids 256 and on
QWEN_SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
QWEN_IDS = {token: 256 + place for place, token in enumerate(QWEN_SPECIAL)}
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for c in m['content'] %}{% if c['type']=='text' %}{{ c['text'] }}{% else %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def clip() -> Any:
    letters = sorted(ByteLevel.alphabet())
    words = letters + [letter + "</w>" for letter in letters] + ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: place for place, word in enumerate(words)}
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def t5() -> Any:
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)]
    letters = [(chr(code), -3.0) for code in range(33, 127)]
    return transformers.T5Tokenizer(vocab=special + letters, extra_ids=0, model_max_length=512)


def qwen() -> Any:
    vocabulary = {letter: place for place, letter in enumerate(sorted(ByteLevel.alphabet()))}
    tokenizer = transformers.Qwen2Tokenizer(
        vocab={**vocabulary, QWEN_SPECIAL[0]: 256}, merges=[], model_max_length=4096
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(QWEN_SPECIAL[1:])})
    tokenizer.chat_template = CHAT
    return tokenizer


def gemma() -> Any:
    vocabulary = {token: place for place, token in enumerate(("<pad>", "<eos>", "<bos>", "<unk>", "<mask>"))}
    vocabulary |= {f"<0x{byte:02X}>": 5 + byte for byte in range(256)}
    for letter in ("\u2581", *(chr(code) for code in range(33, 127))):
        vocabulary.setdefault(letter, len(vocabulary))
    return transformers.GemmaTokenizer(vocab=vocabulary, merges=[], model_max_length=300)


def llama() -> Any:
    vocabulary = {token: place for place, token in enumerate(("<unk>", "<s>", "</s>"))}
    vocabulary |= {f"<0x{byte:02X}>": 3 + byte for byte in range(256)}
    return transformers.LlamaTokenizer(vocab=vocabulary | {"\u2581": 259}, merges=[], model_max_length=4096)


def glm() -> Any:
    """Begins every text with two tokens, so that none is empty."""
    from tokenizers.processors import TemplateProcessing

    tokenizer = bytes_with("<|endoftext|>", "[gMASK]", "<sop>")
    tokenizer._tokenizer.post_processor = TemplateProcessing(
        single="[gMASK] <sop> $A", special_tokens=[("[gMASK]", 257), ("<sop>", 258)]
    )
    return tokenizer


def glm_image() -> Any:
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_bytes(), model_max_length=4096,
        extra_special_tokens={"image_token": "<|image|>", "grid_bos_token": "<|grid|>", "grid_eos_token": "<|/grid|>"},
    )  # fmt: skip
    tokenizer.add_special_tokens({"pad_token": "<|endoftext|>", "bos_token": "<sop>"})
    tokenizer.padding_side = "left"
    tokenizer.chat_template = CHAT.replace("<|vision_start|><|image_pad|><|vision_end|>", "<|image|>")
    return tokenizer


def _bytes() -> Any:
    from tokenizers import Tokenizer, decoders, models

    core = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(sorted(ByteLevel.alphabet()))}, merges=[]))
    core.pre_tokenizer, core.decoder = ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    return core


def bytes_with(*special: str) -> Any:
    """A fast tokenizer of bytes, with special tokens from id 256 on, the first for padding."""
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=_bytes(), model_max_length=1024)
    tokenizer.add_special_tokens({"pad_token": special[0], "additional_special_tokens": list(special[1:])})
    tokenizer.padding_side = "left"
    return tokenizer
