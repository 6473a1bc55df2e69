"""Buffer files mapped into the process, copy-on-write: loading reads nothing, and the file stays as it is."""

import mmap
import os


class Region:
    """A private mapping of a buffer file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            self.memory = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
        self.path = path
        self.size = size
        import ctypes

        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))

    def holds(self, address, size):
        """True if the bytes lie in this mapping."""
        return self.address <= address and address + size <= self.address + self.size

    def is_dirty(self):
        """True if a page was written to since it was mapped, or if the system does not say.

        A written page of a private mapping is a copy of its own: ``Anonymous`` in ``/proc/self/smaps`` counts these (proc(5)).
        """
        try:
            with open("/proc/self/smaps", "rb") as file:
                inside = False
                for line in file:
                    head = line.split(b" ", 1)[0]
                    if b"-" in head and not head.endswith(b":"):
                        low, _, high = head.partition(b"-")
                        inside = int(low, 16) < self.address + self.size and int(high, 16) > self.address
                    elif inside and line.startswith(b"Anonymous:") and int(line.split()[1]) > 0:
                        return True
            return False
        except (OSError, ValueError):
            return True
