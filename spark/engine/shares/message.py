"""What devices tell each other in a step: one row of words each, spikes as bits."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from spark.core.packing import Slot
from spark.core.payloads import SpikeArray
from spark.graph.specs import PortMap
from spark.kernels import bit_words, pack_spikes, unpack_spikes


@dataclass(frozen=True)
class Segment:
    """Some of a port's elements: `count` of them from element `first` on, at a word of a device's row."""

    device: int
    word: int
    first: int
    count: int


@dataclass(frozen=True)
class Letter:
    """An output port whose values travel.

    Spikes of whole numbers, which are 0, 1 or -1, travel as two bits a unit: whether it fired, and the sign. Anything
    else travels as it is.

    Attributes:
        wire: The module and its port.
        payload_type: What the port carries.
        shape: Shape of the whole port.
        dtype: Type of its elements.
        segments: Where its elements lie, in their order.
    """

    wire: PortMap
    payload_type: type
    shape: tuple[int, ...]
    dtype: str
    segments: tuple[Segment, ...] = ()

    @property
    def is_bits(self) -> bool:
        """Whether it travels as bits."""
        return issubclass(self.payload_type, SpikeArray) and jnp.issubdtype(jnp.dtype(self.dtype), jnp.integer)

    def words(self, count: int) -> int:
        """Words that `count` elements take."""
        if self.is_bits:
            return 2 * bit_words(count)
        return Slot(0, 0, (count,), self.dtype, False).words

    def pack(self, value: jax.Array) -> jax.Array:
        """Elements as words."""
        flat = jnp.asarray(value).reshape(-1)
        if not self.is_bits:
            return Slot(0, 0, flat.shape, self.dtype, False).to_words(flat)
        return pack_spikes(flat.astype(jnp.int8))

    def _unpack(self, words: jax.Array, count: int) -> jax.Array:
        if not self.is_bits:
            return Slot(0, 0, (count,), self.dtype, False).cut(words)
        return unpack_spikes(words, count).astype(self.dtype)

    def read(self, message: jax.Array) -> jax.Array:
        """The whole port's array out of all devices' rows, uint32 (devices, words)."""
        first = self.segments[0]
        devices = [s.device for s in self.segments]
        alike = len({(s.word, s.count) for s in self.segments}) == 1
        if self.is_bits and alike and devices == list(range(devices[0], devices[0] + len(devices))):
            rows, columns = slice(devices[0], devices[-1] + 1), slice(first.word, first.word + self.words(first.count))
            return self._unpack(message[rows, columns], first.count).reshape(self.shape)
        pieces = []
        for s in self.segments:
            columns = slice(s.word, s.word + self.words(s.count))
            pieces.append(self._unpack(message[s.device, columns], s.count))
        return (pieces[0] if len(pieces) == 1 else jnp.concatenate(pieces)).reshape(self.shape)


def addressed(
    letters: Mapping[PortMap, Letter], shares: Mapping[PortMap, list[tuple[int, int, int]]]
) -> tuple[dict[PortMap, Letter], int]:
    """Give every segment its words, and the length of a row.

    Args:
        letters: What travels.
        shares: For each, (device, first element, number of elements), in the order of the elements.
    """
    lengths: dict[int, int] = {}
    made = {}
    for wire in sorted(letters, key=lambda w: (w.origin, w.port)):
        letter, segments = letters[wire], []
        for device, first, count in shares[wire]:
            word = lengths.get(device, 0)
            segments.append(Segment(device, word, first, count))
            lengths[device] = word + letter.words(count)
        made[wire] = Letter(wire, letter.payload_type, letter.shape, letter.dtype, tuple(segments))
    return made, max(lengths.values(), default=0) or 1


@functools.partial(jax.jit, static_argnames=("letters", "devices", "length"))
def write_all(letters: tuple[Letter, ...], values: Sequence[jax.Array], devices: int, length: int) -> jax.Array:
    """The message in which these letters have these values, uint32 (devices, length)."""
    message = jnp.zeros((devices, length), jnp.uint32)
    for letter, value in zip(letters, values, strict=True):
        for s in letter.segments:
            words = letter.pack(value.reshape(-1)[s.first : s.first + s.count])
            message = message.at[s.device, s.word : s.word + words.size].set(words)
    return message


@functools.partial(jax.jit, static_argnames="letters")
def read_all(letters: tuple[Letter, ...], message: jax.Array) -> list[jax.Array]:
    """The values of all letters."""
    return [letter.read(message) for letter in letters]
