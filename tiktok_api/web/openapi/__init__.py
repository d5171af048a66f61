"""The OpenAPI document and the pages that show it: `operations` describes each route, `document` the whole."""
