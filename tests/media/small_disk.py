"""A disk that fills up."""

from contextlib import contextmanager

from tiktok_api.storage.errors import StorageFull
from tiktok_api.storage.local import LocalStorage


class SmallDisk(LocalStorage):
    """Local storage on a disk of `capacity` bytes; `is_honest`: it tells beforehand how many are free."""

    def __init__(self, root, capacity):
        super().__init__(root)
        self.capacity, self.is_honest = capacity, True
        self.may_create, self.may_flush = True, True

    def create(self, key):
        if not self.may_create:
            raise StorageFull
        super().create(key)

    def free_bytes(self):
        used = sum(file.stat().st_size for file in self.root.glob("??/??/*"))
        return self.capacity - used if self.is_honest else None

    @contextmanager
    def append(self, key):
        with super().append(key) as end:
            write = end.write

            def write_what_fits(piece):
                fits = max(0, self.capacity - self.size(key))
                write(piece[:fits])
                if fits < len(piece):
                    raise StorageFull

            flush = end.flush

            def flush_if_there_is_room():
                if not self.may_flush:  # as on file systems that allocate late
                    raise StorageFull
                return flush()

            end.write, end.flush = write_what_fits, flush_if_there_is_room
            yield end
