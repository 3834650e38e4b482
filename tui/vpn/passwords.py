"""Passwords of VPN users: generating them, and an honest word on typed ones.

MS-CHAPv2, the only authentication that CloudStack's L2TP has, can be broken by trying 2^56 keys
once someone who knows the pre-shared key has listened. So 56 bits are as strong as it gets; what
matters is that guessing the password is not cheaper than that.
"""

import math
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from tui.vpn.passphrases import (
    WORDS,
    bits_of_passphrase,
    generate_passphrase,
    passphrase_bits,
)
from tui.vpn.states import Mark, Tone

ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"
"""54 letters and digits without those that people mistake for one another (0 O o 1 l I i L)."""
GROUPS: Final = 4
GROUP_LENGTH: Final = 5

FAIR_BITS: Final = 40
STRONG_BITS: Final = 56

_GROUP: Final = f"[{ALPHABET}]{{{GROUP_LENGTH}}}"
_GENERATED: Final = re.compile("-".join([_GROUP] * GROUPS))
GENERATED_BITS: Final = GROUPS * GROUP_LENGTH * math.log2(len(ALPHABET))
"""115 bits: what a generated password is worth."""

Strength = Literal["weak", "fair", "strong"]


class Estimate(msgspec.Struct, frozen=True):
    """How hard a password is to guess."""

    bits: float
    """Binary logarithm of the number of guesses, on the low side."""
    strength: Strength
    says: str

    @property
    def mark(self) -> Mark:
        """Glyph, word and tone of the strength."""
        glyph, tone = _MARKS[self.strength]
        return Mark(glyph, self.strength, tone, self.says)


_MARKS: Final[dict[Strength, tuple[str, Tone]]] = {
    "weak": ("✘", "bad"),
    "fair": ("▲", "warn"),
    "strong": ("✔", "ok"),
}


PasswordStyle = Literal["characters", "words"]
"""Random characters in groups, or random words for people who have to type or say them."""


def make_password(style: PasswordStyle = "characters") -> str:
    """A new password of this style."""
    return generate_passphrase() if style == "words" else generate_password()


def password_words(style: PasswordStyle) -> str:
    """What a password of this style is, and what it is worth."""
    if style == "words":
        return f"{WORDS} random words, about {passphrase_bits():.0f} bits"
    return f"{GROUPS * GROUP_LENGTH} random characters, about {GENERATED_BITS:.0f} bits"


def generate_password() -> str:
    """Twenty random characters in four groups, joined by dashes that are part of the password:
    `h7Rbn-wK2pd-Xf9Tm-Qe4vs`. 23 characters that every client and the router take."""
    return "-".join(
        "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )


_WORDS: Final = tuple(
    """
    password passwort passwd pass secret welcome willkommen admin administrator root user login
    letmein master guest test demo changeme default service support system server computer
    internet network router office company vpn cloud cloudstack l2tp ipsec access remote
    winter spring summer autumn fall sommer herbst january february march april may june july
    august september october november december monday tuesday wednesday thursday friday saturday
    sunday dragon monkey football baseball soccer hockey hunter ranger jordan michael jennifer
    thomas robert daniel andrew charlie george harley jessica ashley nicole maggie pepper ginger
    joshua buster tigger superman batman starwars shadow killer princess sunshine iloveyou love
    flower cookie chocolate coffee cheese banana orange apple purple yellow silver golden
    mustang porsche ferrari mercedes corvette yamaha samsung google facebook hello freedom
    whatever trustno qazwsx liverpool chelsea arsenal barcelona london berlin paris moscow
    """.split()  # noqa: SIM905 - a paragraph is easier to read than 120 quoted words
)
"""Words that passwords are made of, all in one guesser's first thousand."""

_ROWS: Final = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm")
_SEQUENCES: Final = (*_ROWS, "abcdefghijklmnopqrstuvwxyz", "01234567890")
_LOOK_ALIKES: Final = str.maketrans("@013457=", "aoleast_")
_WORD_BITS: Final = math.log2(1_000)
_CASE_BITS: Final = 1.0
_CONTEXT_BITS: Final = 3.0
_YEAR_BITS: Final = math.log2(80)
_SEQUENCE_BITS: Final = 7.0
_LETTER_BITS: Final = 3.0
"""What one more letter of a pronounceable word is worth, instead of a random letter's 4.7."""

_PIECES: Final = re.compile(r"(?P<year>(?:19|20)\d\d)|(?P<letters>[A-Z]?[a-z]{3,}|[A-Z]{4,})")


class _Piece(msgspec.Struct, frozen=True):
    """A part of a password that costs less than its characters."""

    start: int
    end: int
    bits: float
    what: str


def _finds(text: str, wanted: str) -> Iterator[int]:
    start = text.find(wanted)
    while start >= 0:
        yield start
        start = text.find(wanted, start + 1)


def _words(password: str, context: Iterable[str]) -> Iterator[_Piece]:
    lowered = password.lower()
    for spelling, extra in ((lowered, 0.0), (lowered.translate(_LOOK_ALIKES), 2.0)):
        for word in _WORDS:
            for start in _finds(spelling, word):
                yield _Piece(
                    start, start + len(word), _WORD_BITS + _CASE_BITS + extra, "a common word"
                )
        for name in (piece for one in context for piece in re.split(r"[@._-]", one.lower())):
            if len(name) < 3:
                continue
            for start in _finds(spelling, name):
                yield _Piece(
                    start, start + len(name), _CONTEXT_BITS + _CASE_BITS + extra, "the user's name"
                )


def _runs(password: str) -> Iterator[_Piece]:
    """Keyboard rows, alphabets and repeats of three characters or more, forwards or backwards."""
    lowered = password.lower()
    for start in range(len(lowered) - 2):
        for line in _SEQUENCES:
            for row in (line, line[::-1]):
                length = 3
                while start + length <= len(lowered) and lowered[start : start + length] in row:
                    length += 1
                if length > 3:
                    yield _Piece(start, start + length - 1, _SEQUENCE_BITS, "a row of keys")
        for unit in range(1, (len(lowered) - start) // 2 + 1):
            yield from _repeat(lowered, start, unit)


def _repeat(text: str, start: int, unit: int) -> Iterator[_Piece]:
    """The piece in which `text[start:start + unit]` comes again and again."""
    block, end = text[start : start + unit], start + unit
    while text.startswith(block, end):
        end += unit
    if end - start >= max(3, 2 * unit):
        # The first time is priced by its own pieces; only what repeats it is free.
        yield _Piece(start + unit, end, math.log2((end - start) / unit), "a repeat")


def _shapes(password: str) -> Iterator[_Piece]:
    for found in _PIECES.finditer(password):
        if found.lastgroup == "year":
            yield _Piece(found.start(), found.end(), _YEAR_BITS, "a year")
        elif found.end() - found.start() >= 4:
            bits = _LETTER_BITS * (found.end() - found.start()) + _CASE_BITS
            yield _Piece(found.start(), found.end(), bits, "a word")


def _bits_of_a_character(password: str) -> float:
    """What one random character is worth, given the kinds of characters that occur."""
    kinds = (
        (26, str.islower),
        (26, str.isupper),
        (10, str.isdigit),
        (6, lambda one: not one.isalnum()),
    )
    size = sum(count for count, belongs in kinds if any(belongs(one) for one in password))
    return math.log2(size) if size else 0.0


def _cheapest(password: str, pieces: Iterable[_Piece]) -> tuple[float, tuple[_Piece, ...]]:
    """The cheapest way to spell the password, character by character or by pieces."""
    each = _bits_of_a_character(password)
    ending: dict[int, list[_Piece]] = {}
    for piece in pieces:
        ending.setdefault(piece.end, []).append(piece)
    best: list[tuple[float, tuple[_Piece, ...]]] = [(0.0, ())]
    for end in range(1, len(password) + 1):
        before, used = best[end - 1]
        choices = [(before + each, used)]
        for piece in ending.get(end, ()):
            cost, earlier = best[piece.start]
            choices.append((cost + piece.bits, (*earlier, piece)))
        best.append(min(choices, key=lambda choice: choice[0]))
    return best[-1]


def estimate(password: str, context: Iterable[str] = ()) -> Estimate:
    """How hard a password is to guess, estimated on the low side.

    `context` are words that a guesser tries first, such as the user's name and the account's.
    A generated password, or words that could have been drawn, are recognised by their form and
    worth exactly what they are.
    """
    if _GENERATED.fullmatch(password):
        return _judge(GENERATED_BITS, ())
    drawn = bits_of_passphrase(password)
    if drawn is not None:
        return _judge(drawn, ())
    pieces = [*_words(password, context), *_runs(password), *_shapes(password)]
    return _judge(*_cheapest(password, pieces))


def _judge(bits: float, pieces: tuple[_Piece, ...]) -> Estimate:
    found = tuple(dict.fromkeys(piece.what for piece in pieces))
    because = f": it is made of {', '.join(found)}" if found else ""
    if bits < FAIR_BITS:
        return Estimate(bits, "weak", f"About {bits:.0f} bits, quickly guessed{because}.")
    if bits < STRONG_BITS:
        return Estimate(bits, "fair", f"About {bits:.0f} bits{because}; {STRONG_BITS} are better.")
    return Estimate(bits, "strong", f"About {bits:.0f} bits, as strong as MS-CHAPv2 can use.")
