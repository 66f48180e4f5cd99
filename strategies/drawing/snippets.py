"""Texts worth sending: words, every plane of Unicode, what looks like something else, and long ones."""

from __future__ import annotations

from functools import lru_cache

PLAIN = (
    *("", "a", "Hi", "ok", "hello", "user_1", "What is the weather in Paris?", "Answer in one short sentence."),
    *("Translate to French: the cat sat on the mat.", "0", "42", "-1", "1e9", "true", "null", "None", "{}", "[]"),
    *('{"city": "Bern"}', '{"a": [1, 2, {"b": null}]}', "data: [DONE]", "[DONE]", "<|endoftext|>", "<|im_start|>"),
    *("line one\nline two", 'tab\tquote"back\\slash/', "```python\nprint(1)\n```", "https://example.com/a?b=c#d"),
)
UNUSUAL = (
    *("é", "e\u0301", "ß", "Straße", "ﬁ", "日本語", "Привет, мир", "مرحبا", "שלום", "हिन्दी", "ไทย", "한국어"),
    *(
        "😀",
        "👩‍👩‍👧‍👦",
        "🇨🇭",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
        "𠮷",
        "\U000e0041",
        "\U0010ffff",
        "\ufdd0",
        "\ufffd",
        "\ufeff",
        "\u200b",
        "\u202etxet",
    ),
    *("\u2028\u2029", "\x00", "\x00a", "\x1b[31m", "\x7f", "\x85", "\r\n", " ", "\t", "İstanbul", "ǆ", "\u0600"),
)
SNIPPETS = PLAIN + UNUSUAL
REPEATED = (("word ", 200), ("a", 1000), ("日本", 400), ("😀", 300), ("\n", 100), ('{"k": 1}, ', 120), ("x", 4096))
PLANES = (
    *((0x20, 0x7E), (0x20, 0x7E), (0xA1, 0x17F), (0x370, 0x5FF), (0x900, 0xDFF), (0x3040, 0x9FFF), (0xAC00, 0xD7A3)),
    *((0xE000, 0xFFFD), (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF), (0xE0001, 0xE007F), (0x100000, 0x10FFFF), (0, 0x1F)),
)


@lru_cache(maxsize=256)
def between(low: int, high: int | None) -> tuple[str, ...]:
    """Return the snippets that have such a length, and the long ones cut to it; the shortest and plainest first."""
    found = [s for s in SNIPPETS if len(s) >= low and (high is None or len(s) <= high)]
    if high is None or high >= 100:
        for text, times in REPEATED:
            long = (text * times)[:high]
            if len(long) >= low:
                found.append(long)
    if low and len(found) < len(PLAIN):
        for text in ("a", "Ab3 ", "日本語", "😀"):
            found.append((text * low)[:low])
            if high is None or high > low:
                found.append((text * (low + 1))[: low + 1])
    if high is not None and high and len(found) < len(PLAIN):
        found += [(text * high)[:high] for text in ("z", "é", "𠮷")] if high >= low else []
    return tuple(dict.fromkeys(found))
