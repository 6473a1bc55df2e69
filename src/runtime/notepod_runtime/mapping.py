"""Buffer files mapped into the process, copy-on-write: loading reads nothing, and the file stays as it is."""

import mmap


class Region:
    """A private mapping of ``size`` bytes of a buffer file from ``offset`` on."""

    def __init__(self, path, offset, size):
        import ctypes

        with open(path, "rb") as file:
            self.memory = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY, offset=offset)
        self.path = path
        self.size = size
        self._offset = offset
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))

    def holds(self, address, size):
        """True if the bytes lie in this mapping."""
        return self.address <= address and address + size <= self.address + self.size

    def original(self):
        """The file's bytes, whatever was written to the mapping."""
        with open(self.path, "rb") as file:
            return memoryview(
                mmap.mmap(file.fileno(), self.size, access=mmap.ACCESS_READ, offset=self._offset)
            )


def dirty_regions(regions):
    """Those of the regions of which a page was written to since they were mapped; all, if the system does not say.

    A written page of a private mapping is a copy of its own: ``Anonymous`` in ``/proc/self/smaps`` counts these, in memory,
    and ``Swap`` those that were moved out (proc(5)).
    """
    if not regions:
        return []
    dirty = []
    try:
        with open("/proc/self/smaps", "rb") as file:
            inside = []
            for line in file:
                field, _, rest = line.partition(b" ")
                if not field.endswith(b":"):
                    low, _, high = field.partition(b"-")
                    first, last = int(low, 16), int(high, 16)
                    inside = [
                        each for each in regions if first < each.address + each.size and last > each.address
                    ]
                elif inside and field in (b"Anonymous:", b"Swap:") and int(rest.split()[0]):
                    dirty.extend(inside)
    except (OSError, ValueError):
        return list(regions)
    return dirty
