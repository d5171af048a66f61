"""Where media bytes live, blind to what they mean.

`port` says what a storage can do, `local` does it with files, `s3` with a bucket, and `choosing` picks one from `STORAGE_URL`.
Writing is cut so that both fit: bytes are appended in order from a known offset by one writer at a time, and nothing
counts as stored until it has been settled. Files are locked by the kernel. S3 knows no locks and has parts of 5 MiB at least: who
writes and what counts is in the `ledger`, `s3_appending` cuts parts and keeps what is shorter, and `bucket` is all that knows boto3.
"""
