"""Media in an S3 bucket.

`storage` implements the port, `appender` cuts appended bytes into parts, `upload_state` keeps locks and the list of parts in
the database. `bucket`, `client`, `object_reader`, `request_body` and `errors` are all that knows boto3.
"""
