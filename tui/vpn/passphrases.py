"""Passwords made of words: for people who have to type them on a telephone, or be told them.

Six different words of a list of 1,100, joined by dashes, drawn so that every combination that fits
into the 32 characters which the server allows is as likely as any other. What that is worth is
counted, not guessed: the logarithm of the number of such combinations.
"""

import math
import re
import secrets
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Final

from tui.vpn.users import PASSWORD_LENGTHS

WORDS: Final = 6
JOINED_BY: Final = "-"
_ROOM: Final = PASSWORD_LENGTHS[1] - (WORDS - 1) * len(JOINED_BY)
"""Letters that fit between the dashes."""
_CHANCE: Final = secrets.SystemRandom()
_FORM: Final = re.compile(JOINED_BY.join(["[a-z]{3,5}"] * WORDS))


@cache
def word_list() -> tuple[str, ...]:
    """The words, in the order of the file; its head says where they come from."""
    text = files("tui.vpn").joinpath("words.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def passphrase_bits() -> float:
    """Binary logarithm of the number of passphrases, each as likely as any other."""
    lengths = Counter(len(word) for word in word_list())
    ways = {(0, 0): 1}
    """How many sets there are, by their number of words and of letters."""
    for length, there in lengths.items():
        more: Counter[tuple[int, int]] = Counter()
        for (words, letters), number in ways.items():
            for chosen in range(WORDS - words + 1):
                if letters + chosen * length <= _ROOM:
                    key = (words + chosen, letters + chosen * length)
                    more[key] += number * math.comb(there, chosen)
        ways = dict(more)
    sets = sum(number for (words, _), number in ways.items() if words == WORDS)
    return math.log2(sets * math.factorial(WORDS))


def generate_passphrase() -> str:
    """Six random words, no two the same: `bench-okay-tiny-solar-cup-march`. 23 to 32 characters."""
    words = word_list()
    while True:
        # Draws that are too long are thrown away whole, so the others stay equally likely.
        drawn = _CHANCE.sample(words, WORDS)
        if sum(map(len, drawn)) <= _ROOM:
            return JOINED_BY.join(drawn)


def bits_of_passphrase(password: str) -> float | None:
    """What `password` is worth if it is made of words of the list; None if it is not.

    One that could have been drawn here is worth what a drawn one is. Fewer words, or the same ones
    again, are counted as words and not as letters.
    """
    parts = re.split("[@+=._-]", password)
    if not set(parts) <= set(word_list()):
        return None
    different = len(set(parts))
    if _FORM.fullmatch(password) and different == WORDS:
        return passphrase_bits()
    return different * math.log2(len(word_list()))
