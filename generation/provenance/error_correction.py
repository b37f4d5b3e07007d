"""The error correction of TrustMark's payload: a BCH code that mends five of 99 bits.

Its field is GF(2^7) with the primitive polynomial x^7 + x^3 + 1, as in TrustMark's schema BCH_5, so that other readers
of TrustMark find the same payload. Decoding is Berlekamp and Massey's; see Lin and Costello, Error Control Coding,
chapter 6.
"""

from collections.abc import Sequence
from functools import cache

FIELD, POLYNOMIAL = 127, 0b10001001
MENDED = 5
DATA_BITS, CHECK_BITS = 61, 35
PADDING = 3  # zeros after the data, up to whole bytes, that are checked and not sent


@cache
def _tables() -> tuple[list[int], list[int]]:
    """Powers of the primitive element, twice around, and logarithms."""
    powers, logarithms, value = [], [0] * (FIELD + 1), 1
    for exponent in range(FIELD):
        powers.append(value)
        logarithms[value] = exponent
        value <<= 1
        if value > FIELD:
            value ^= POLYNOMIAL
    return powers + powers, logarithms


def _times(one: int, other: int) -> int:
    powers, logarithms = _tables()
    return powers[logarithms[one] + logarithms[other]] if one and other else 0


@cache
def _generator() -> int:
    """The generator polynomial, a bit for each coefficient: the product of the minimal polynomials of a, a^3 … a^9."""
    powers, _ = _tables()
    product, seen = 1, set[int]()
    for root in range(1, 2 * MENDED, 2):
        conjugates = {root * 2**i % FIELD for i in range(7)}
        if root in seen:
            continue
        seen |= conjugates
        minimal = [1]  # coefficients, the lowest first
        for conjugate in conjugates:
            shifted = [0, *minimal]
            scaled = [_times(coefficient, powers[conjugate]) for coefficient in minimal] + [0]
            minimal = [a ^ b for a, b in zip(shifted, scaled, strict=True)]
        product = _multiply(product, sum(bit << place for place, bit in enumerate(minimal)))
    return product


def _multiply(one: int, other: int) -> int:
    """The product of two polynomials over GF(2)."""
    product = 0
    while other:
        product ^= one * (other & 1)
        one, other = one << 1, other >> 1
    return product


def encode(data: str) -> str:
    """The check bits, 35 as text, of 61 data bits."""
    rest = int(data, 2) << (PADDING + CHECK_BITS)
    generator = _generator()
    while rest.bit_length() > CHECK_BITS:
        rest ^= generator << (rest.bit_length() - generator.bit_length())
    return f"{rest:0{CHECK_BITS}b}"


def decode(data: str, check: str) -> str | None:
    """The 61 data bits with up to five wrong bits mended; None if there are more."""
    received = int(data, 2) << (PADDING + CHECK_BITS) | int(check, 2)
    places = _wrong_places(received)
    if places is None:
        return None
    for place in places:
        if CHECK_BITS <= place < CHECK_BITS + PADDING or place >= DATA_BITS + PADDING + CHECK_BITS:
            return None  # what is always zero cannot be wrong
        received ^= 1 << place
    return f"{received >> (PADDING + CHECK_BITS):0{DATA_BITS}b}"


def _wrong_places(received: int) -> list[int] | None:
    """The places of the wrong bits, the lowest bit's being 0; None if they are more than can be found."""
    powers, _ = _tables()
    ones = [place for place in range(received.bit_length()) if received >> place & 1]
    syndromes = [0] * (2 * MENDED)
    for place in ones:
        for i in range(2 * MENDED):
            syndromes[i] ^= powers[place * (i + 1) % FIELD]
    if not any(syndromes):
        return []
    locator = _locator(syndromes)
    places = [place for place in range(FIELD) if _value(locator, powers[(FIELD - place) % FIELD]) == 0]
    return places if len(places) == len(locator) - 1 <= MENDED else None


def _locator(syndromes: Sequence[int]) -> list[int]:
    """The shortest polynomial, coefficients with the lowest first, that generates the syndromes."""
    powers, logarithms = _tables()
    current, before, length, since, last = [1], [1], 0, 1, 1
    for step, syndrome in enumerate(syndromes):
        terms = range(1, min(length, len(current) - 1) + 1)
        off = syndrome
        for i in terms:
            off ^= _times(current[i], syndromes[step - i])
        if not off:
            since += 1
            continue
        factor = powers[logarithms[off] + FIELD - logarithms[last]]
        shifted = [0] * since + [_times(factor, coefficient) for coefficient in before]
        size = max(len(current), len(shifted))
        longer = [(current + [0] * size)[i] ^ (shifted + [0] * size)[i] for i in range(size)]
        if 2 * length <= step:
            length, before, last, since = step + 1 - length, current, off, 0
        current, since = longer, since + 1
    while current[-1] == 0:
        current.pop()
    return current


def _value(polynomial: Sequence[int], at: int) -> int:
    value = 0
    for coefficient in reversed(polynomial):
        value = _times(value, at) ^ coefficient
    return value
