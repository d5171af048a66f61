"""Where media bytes live, blind to what they mean.

`port` says what a storage can do, `local` does it with files, and `choosing` picks one from `STORAGE_URL`. Writing is cut
so that files and S3's multipart uploads both fit: bytes are appended in order from a known offset, and nothing
counts as stored until it has been settled.
"""
