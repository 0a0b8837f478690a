"""A language model of two narrow layers and a few words, made where a test needs one; nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def tiny_bert(place: Path, words: Sequence[str]) -> str:
    """Write a model with random weights and a tokenizer of some words into a folder, and give its path."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    known = Tokenizer(WordLevel({w: i for i, w in enumerate(["[PAD]", "[UNK]", *words])}, unk_token="[UNK]"))
    known.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=known, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(place)
    config = BertConfig(
        vocab_size=2 + len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertForSequenceClassification(config).save_pretrained(place)
    return str(place)
