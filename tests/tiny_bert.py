"""A language model of one or two narrow layers and a few words, made where a test needs one; nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

MARKS = {"pad_token": "[PAD]", "unk_token": "[UNK]"}
ENDS = {"cls_token": "[CLS]", "sep_token": "[SEP]"}


def tiny_bert(place: Path, words: Sequence[str], *, of_tokens: bool = False) -> str:
    """Write a model with random weights and a tokenizer of some words into a folder, and give its path.

    ``of_tokens`` makes a tagger of one layer, whose tokenizer cuts words into the pieces given and marks their ends.
    """
    import torch
    import transformers
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel, WordPiece
    from tokenizers.pre_tokenizers import Whitespace

    marks = {**MARKS, **ENDS} if of_tokens else MARKS
    numbers = {word: number for number, word in enumerate([*marks.values(), *words])}
    known = Tokenizer((WordPiece if of_tokens else WordLevel)(numbers, unk_token="[UNK]"))
    known.pre_tokenizer = Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=known, **marks).save_pretrained(place)
    config = transformers.BertConfig(
        vocab_size=len(numbers),
        hidden_size=16,
        num_hidden_layers=1 if of_tokens else 2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    kind = transformers.BertForTokenClassification if of_tokens else transformers.BertForSequenceClassification
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        kind(config).save_pretrained(place)
    return str(place)
