"""Arrays of text and numbers as objects (a frame's text column), in chunks.

The C pickler keeps a memo entry for every string that it writes: for a gigabyte of text as much memory again, and most of the
time. A chunk is written by ``marshal``, which the manifest's Python version pins, and is gone before the next one is made.
"""

import marshal
from array import array as plain_array

#: Shorter arrays gain nothing.
FEWEST = 1000
_CHUNK = 1 << 16
#: Items that tell whether text occurs often.
_SAMPLE = 256
_ATOMS = frozenset((str, bytes, int, float, complex, bool, type(None)))
_TEXT = frozenset((str, type(None)))
#: No references among the items: equal items are written as equal bytes, whoever else refers to them.
_FORMAT = 2


def holds_atoms(array):
    """True for a contiguous array of objects that are all text, numbers or None."""
    if array.size < FEWEST or not (array.flags.c_contiguous or array.flags.f_contiguous):
        return False
    flat = array.reshape(-1, order="A")
    # The first item tells most others apart.
    return type(flat[0]) in _ATOMS and all(
        _ATOMS.issuperset(map(type, flat[start : start + _CHUNK].tolist()))
        for start in range(0, flat.size, _CHUNK)
    )


class AtomsWriter:
    """Stands for the items of an array in a stream; ``pickler`` is the C pickler that writes it."""

    def __init__(self, array, pickler):
        self._array = array
        self._pickler = pickler

    def __reduce_ex__(self, _):
        shape, flags = self._array.shape, self._array.flags
        fortran = flags.f_contiguous and not flags.c_contiguous
        return AtomsBuilder, (shape, fortran, flags.writeable), None, self._chunks()

    def _chunks(self):
        flat = self._array.reshape(-1, order="A")
        remembers = self._pickler.fast
        # What the memo knows stays alive until the stream is done.
        self._pickler.fast = True
        try:
            for start in range(0, flat.size, _CHUNK):
                yield _Chunk(self, _encode(flat[start : start + _CHUNK].tolist()))
        finally:
            self._pickler.fast = remembers


class _Chunk:
    def __init__(self, writer, data):
        self._writer = writer
        self._data = data

    def __reduce_ex__(self, _):
        return take_chunk, (self._writer, self._data)


def _encode(items):
    """A chunk's bytes; text that occurs often is written once."""
    if len(set(items[:_SAMPLE])) * 4 <= _SAMPLE and _TEXT.issuperset(map(type, items)):
        places = dict.fromkeys(items)
        if len(places) * 4 <= len(items):
            texts = list(places)
            places = {text: at for at, text in enumerate(texts)}
            codes = plain_array("H", map(places.__getitem__, items)).tobytes()
            return marshal.dumps((texts, codes), _FORMAT)
    return marshal.dumps(items, _FORMAT)


class AtomsBuilder:
    """An array that is being filled by :func:`take_chunk`, to be had from :func:`finish_atoms`."""

    def __init__(self, shape, fortran, writeable):
        import numpy

        self.array = numpy.empty(shape, object, "F" if fortran else "C")
        self.writeable = writeable
        self._flat = self.array.reshape(-1, order="A")
        self._at = 0
        self._texts = {}

    def take(self, data):
        items = marshal.loads(data)
        if type(items) is tuple:
            texts, codes = items
            # A text is one object in all chunks.
            texts = [self._texts.setdefault(text, text) for text in texts]
            items = list(map(texts.__getitem__, memoryview(codes).cast("H")))
        self._flat[self._at : self._at + len(items)] = items
        self._at += len(items)

    def extend(self, _):
        """The chunks of a stream are taken when they are read."""


def take_chunk(builder, data):
    """Puts a chunk into its array."""
    builder.take(data)


def finish_atoms(builder):
    """The filled array."""
    if not builder.writeable:
        builder.array.flags.writeable = False
    return builder.array
