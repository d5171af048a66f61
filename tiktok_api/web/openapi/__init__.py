"""The OpenAPI document and the pages that show it.

`json_schemas` describes a schema, `operations` a route, `document` finishes the whole, and `docs` serves it.
"""
