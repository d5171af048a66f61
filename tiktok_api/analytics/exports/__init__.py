"""Files of numbers for other programs: rows of any question, streamed as CSV, NDJSON or a workbook.

`datasets` names what can be exported, `readings` and `videos` have the rows of what was stored, `answers` of what is worked out,
`plain_files` and `workbooks` write them, and `responses` sends them in short steps: each batch of rows is a read of its own, so
that a slow client holds no transaction. A dataset is a list of columns and a function from a question to rows.
"""
