"""Memory of numpy arrays, out of the pickle stream and with its sharing kept.

An array is written as *address, dtype, shape, strides*; after the stream is done, the address ranges of all its
arrays are merged into *extents* (ranges that overlap become one), and each extent is written once to the buffer
file. Views therefore come back as views, whatever their order, and only bytes that some array covers are written.
"""

import sys
from bisect import bisect_right

from .object_arrays import AtomsWriter, finish_atoms, holds_atoms

#: Extents of at least this many bytes are mapped on load; smaller ones come back as memory of their own.
MAPPED_BYTES = 65536


class ArrayReductions:
    """The reductions of numpy types for one pickle stream, and the address ranges that they met.

    ``translate`` maps an address of this process to the one to write: memory that was itself loaded from a snapshot
    keeps the address it has there, so that an unchanged value pickles to the same bytes.
    """

    def __init__(self, translate=None):
        self.ranges = []
        #: The C pickler that uses the reductions.
        self.pickler = None
        self._kept = []
        self._translate = translate

    @property
    def is_comparing(self):
        """The stream is compared with one that was loaded, and is not kept."""
        return self._translate is not None

    def reduction_of(self, kind):
        """The reduction for ``kind`` if it is an array type that this module handles, else None."""
        numpy = sys.modules.get("numpy")
        if numpy is None or not hasattr(numpy, "ndarray") or not issubclass(kind, numpy.ndarray):
            return None
        if kind is numpy.ndarray:
            return self._reduce_array
        masked = issubclass(kind, numpy.ma.MaskedArray) and kind.__reduce__ is numpy.ma.MaskedArray.__reduce__
        if masked or _reduces_like_ndarray(kind, numpy):
            return self._reduce_subclass
        return None

    def _reduce_array(self, array):
        if array.dtype.hasobject:
            return self._reduce_object_array(array)
        address, low, size = _extent_of(array)
        if size == 0:
            return empty_array, (type(array), array.dtype, array.shape, array.strides, array.flags.writeable)
        written = self._translate(low, size) if self._translate is not None else low
        self.ranges.append((written, size, low))
        self._kept.append(array)
        strides = None if array.flags.c_contiguous else array.strides
        return mapped_array, (
            written + address - low,
            array.dtype,
            array.shape,
            strides,
            array.flags.writeable,
        )

    def _reduce_object_array(self, array):
        owner = array
        numpy = sys.modules["numpy"]
        while isinstance(owner.base, numpy.ndarray):
            owner = owner.base
        if owner is array or owner.base is not None or type(owner) is not numpy.ndarray:
            if array.dtype == object and holds_atoms(array):
                return finish_atoms, (AtomsWriter(array, self.pickler),)
            return array.__reduce_ex__(4)
        if owner.dtype != array.dtype:
            return array.__reduce_ex__(4)
        offset = _address(array) - _address(owner)
        return object_view, (owner, offset, array.shape, array.strides, array.flags.writeable)

    def _reduce_subclass(self, array):
        numpy = sys.modules["numpy"]
        state = {key: value for key, value in vars(array).items() if key not in ("_mmap", "_basedict")}
        plain = array.view(numpy.ndarray)
        return array_subclass, (type(array), plain, array.dtype), state, None, None, set_array_state


def _reduces_like_ndarray(kind, numpy):
    return (
        kind.__reduce__ is numpy.ndarray.__reduce__
        and kind.__reduce_ex__ is numpy.ndarray.__reduce_ex__
        and kind.__setstate__ is numpy.ndarray.__setstate__
    )


def _address(array):
    return array.__array_interface__["data"][0]


def _extent_of(array):
    """Address of the first element, lowest address, and bytes from there to the end of the highest element."""
    address = _address(array)
    if array.size == 0 or array.itemsize == 0:
        return address, address, 0
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return address, address, array.nbytes
    low = address
    high = address + array.itemsize
    for length, stride in zip(array.shape, array.strides):
        if stride < 0:
            low += (length - 1) * stride
        else:
            high += (length - 1) * stride
    return address, low, high - low


def merge_ranges(ranges):
    """Merges overlapping ``(written address, bytes, address here)`` into extents.

    Returns a sorted list of ``(written address, bytes, address here, uses)``. Ranges that only touch stay apart:
    different allocations may lie next to each other.
    """
    extents = []
    for written, size, here in sorted(ranges):
        if extents and written < extents[-1][0] + extents[-1][1]:
            start, length, first, uses = extents[-1]
            end = max(start + length, written + size)
            extents[-1] = (start, end - start, first, uses + 1)
        else:
            extents.append((written, size, here, 1))
    return extents


def memory_at(address, size):
    """A read-only view of ``size`` bytes of this process at ``address``; the caller keeps the owner alive."""
    import ctypes

    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")


class ArrayMemory:
    """Gives restored arrays their memory: the extents of one group, mapped copy-on-write.

    ``extents``: list of ``(written address, bytes, offset in the region, uses)``, sorted; ``region`` is the writable
    buffer (a private mapping) that holds them.
    """

    def __init__(self, extents, region):
        self._starts = [extent[0] for extent in extents]
        self._extents = extents
        self._region = region
        self._shared_small = {}
        #: ``(address here, bytes, written address)`` of memory that was copied out of the region.
        self.copies = []

    def mapped_array(self, address, dtype, shape, strides, writeable):
        import numpy

        index = bisect_right(self._starts, address) - 1
        start, size, offset, uses = self._extents[index]
        inside = address - start
        if not 0 <= inside < size:
            raise ValueError("an array points outside of the snapshot's buffers")
        if size >= MAPPED_BYTES:
            array = numpy.ndarray(shape, dtype, self._region, offset + inside, strides)
        elif uses == 1 and _fills(shape, strides, dtype, size):
            array = numpy.empty(shape, dtype, "C" if strides is None else "F")
            array[...] = numpy.ndarray(shape, dtype, self._region, offset + inside, strides)
            self.copies.append((_address(array), size, start))
        else:
            array = numpy.ndarray(shape, dtype, self._small(index), inside, strides)
        if not writeable:
            array.flags.writeable = False
        return array

    def _small(self, index):
        memory = self._shared_small.get(index)
        if memory is None:
            _, size, offset, _ = self._extents[index]
            import numpy

            memory = numpy.empty(size, "u1")
            memory[...] = numpy.ndarray((size,), "u1", self._region, offset)
            self._shared_small[index] = memory
            self.copies.append((_address(memory), size, self._starts[index]))
        return memory


def _fills(shape, strides, dtype, size):
    """True if the array is contiguous (C or Fortran order) over its whole extent."""
    count = dtype.itemsize
    for length in shape:
        count *= length
    if count != size:
        return False
    if strides is None:
        return True
    step = dtype.itemsize
    for length, stride in zip(shape, strides):
        if length != 1 and stride != step:
            return False
        step *= length
    return True


def mapped_array(address, dtype, shape, strides, writeable):
    """Marks an array in a stream; the unpickler puts :meth:`ArrayMemory.mapped_array` in its place."""
    raise RuntimeError("only a snapshot's loader can restore an array")


def empty_array(kind, dtype, shape, strides, writeable):
    """An array without bytes."""
    import numpy

    array = numpy.ndarray(shape, dtype, strides=None if 0 in shape else strides)
    if not writeable:
        array.flags.writeable = False
    return array if kind is numpy.ndarray else array.view(kind)


def object_view(owner, offset, shape, strides, writeable):
    """A view on an array of objects; ``offset`` in bytes from the owner's first element."""
    import numpy

    flat = owner.reshape(-1, order="A")
    start = offset // owner.itemsize
    return numpy.lib.stride_tricks.as_strided(flat[start:], shape, strides, writeable=writeable)


def array_subclass(kind, plain, dtype):
    """``plain`` seen as ``kind``; its attributes follow by :func:`set_array_state`."""
    array = plain.view(kind)
    if array.dtype != dtype or type(array.dtype) is not type(dtype):
        array.dtype = dtype
    return array


def set_array_state(array, state):
    """Gives an array of a subclass its attributes back."""
    vars(array).update(state)
    if "filename" in state and hasattr(type(array), "flush"):
        array._mmap = None
