"""The words that the reference model knows, and the forms of its sentences.

The law of this file: every word is one token, so that the tokens of a text can be counted again from the text alone.
"""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "start": ("The", "A", "Each", "One", "This", "Every", "Our", "Another"),
    "adjective": (
        "quiet", "small", "bright", "patient", "silver", "early", "distant", "gentle", "curious", "warm", "narrow",
        "hidden", "simple", "naïve", "green", "steady",
    ),
    "noun": (
        "river", "lantern", "garden", "letter", "harbour", "window", "teacher", "orchard", "café", "signal", "library",
        "mountain", "clock", "sparrow", "train", "señora",
    ),
    "verb": (
        "carries", "follows", "finds", "keeps", "paints", "remembers", "crosses", "opens", "answers", "watches",
        "gathers", "mends", "measures", "leaves", "holds", "greets",
    ),
    "article": ("the", "a", "every", "some", "its", "no", "another", "our"),
    "place": (
        "near", "under", "beyond", "behind", "along", "outside", "above", "across",
    ),
    "link": ("and", "but", "while", "because", "until", "so"),
    "greek": ("θάλασσα", "φως", "λόγος", "καλημέρα"),
    "japanese": ("静かな", "海", "日本語", "光", "桜", "山"),
    "sign": ("🌊", "🎉", "🦉", "🌱", "☕", "🚀"),
    "end": (".", "!", "…"),
    "comma": (",", ";"),
}  # fmt: skip

SENTENCES: Final[tuple[tuple[str, ...], ...]] = (
    ("start", "adjective", "noun", "verb", "article", "noun", "end"),
    ("start", "noun", "verb", "article", "adjective", "noun", "place", "article", "noun", "end"),
    ("start", "adjective", "noun", "verb", "article", "noun", "sign", "end"),
    ("start", "noun", "verb", "comma", "link", "article", "noun", "verb", "article", "noun", "end"),
    ("start", "noun", "verb", "japanese", "place", "article", "noun", "end"),
    ("start", "adjective", "noun", "verb", "greek", "comma", "link", "article", "noun", "verb", "sign", "end"),
)

WITHOUT_SPACE: Final = frozenset({"end", "comma"})
