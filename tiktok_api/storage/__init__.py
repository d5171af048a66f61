"""Where media bytes are stored. Nothing here knows what the bytes mean.

`port` says what a storage can do, `local` does it with files, `s3` with a bucket, and `factory` picks one from `STORAGE_URL`.
The port is cut so that both fit: one writer at a time appends bytes in order from a known offset, and bytes count only once
they are flushed. The kernel locks files. S3 has no locks and takes parts of at least 5 MiB, so `s3` keeps locks and the list
of parts in the database.
"""
