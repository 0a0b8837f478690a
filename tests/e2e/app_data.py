"""Small data with an answer that a test can know: texts of three moods, images of two shapes, sentences with names."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

from PIL import Image, ImageDraw

MOODS = {
    "good": ("lovely", "warm", "excellent", "friendly", "delicious", "bright"),
    "bad": ("cold", "rude", "awful", "dirty", "slow", "stale"),
    "mixed": ("average", "plain", "ordinary", "decent", "usual", "fair"),
}
THINGS = ("soup", "staff", "room", "music", "bread", "service", "garden", "coffee", "table", "view")
SHAPES = ("disc", "square")
PEOPLE = ("Ada Lovelace", "Alan Turing", "Grace Hopper", "Katherine Johnson", "Emmy Noether", "Rosalind Franklin")
PLACES = ("Zürich", "London", "Kyoto", "São Paulo", "Nairobi", "Oslo")
ENDINGS = ("on Tuesday", "for a talk 🎉", "by train", "last spring", "with two colleagues", "again")


def mood_of(text: str) -> str:
    """Say which mood a review has."""
    return next(mood for mood, words in MOODS.items() if any(word in text for word in words))


def write_reviews(path: Path, n: int = 120) -> Path:
    """Write a table of reviews with an id and a text."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "text"])
        for number in range(n):
            words = MOODS[list(MOODS)[number % 3]]
            first, second = draw.sample(THINGS, 2)
            text = f"The {first} was {draw.choice(words)} and the {second} {draw.choice(words)}, said guest {number}."
            table.writerow([f"r{number:03d}", text])
    return path


def write_shapes(folder: Path, n: int = 60) -> Path:
    """Write images of discs and squares, light on dark; the name of a file does not tell its shape."""
    folder.mkdir()
    draw = random.Random(0)
    for number in range(n):
        image = Image.new("L", (96, 96), draw.randint(20, 60))
        size, left, top = draw.randint(30, 50), draw.randint(4, 40), draw.randint(4, 40)
        box = (left, top, left + size, top + size)
        pen = ImageDraw.Draw(image)
        shape = pen.ellipse if shape_of(f"{number:03d}") == "disc" else pen.rectangle
        shape(box, fill=draw.randint(170, 250))
        image.save(folder / f"{number:03d}.png")
    return folder


def shape_of(id: str) -> str:
    """Say which shape an image shows, by the number in its name."""
    return SHAPES[int(Path(id).stem) % 2]


def write_sentences(path: Path, n: int = 60) -> Path:
    """Write sentences in which a person is in a place, some with characters outside the basic plane before the name."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for number in range(n):
            opening = "🎈 Then " if number % 4 == 0 else "Then "
            text = f"{opening}{draw.choice(PEOPLE)} went to {draw.choice(PLACES)} {draw.choice(ENDINGS)}."
            file.write(json.dumps({"id": f"s{number:03d}", "text": text}, ensure_ascii=False) + "\n")
    return path
