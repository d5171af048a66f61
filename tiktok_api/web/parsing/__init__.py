"""Bodies and queries, read with marshmallow: `parser` names every fault at its place; the others read what needs more than a schema."""
