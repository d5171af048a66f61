"""Reading posts and publications: rows of columns, a whole page in a fixed number of queries.

`reach` is what a caller may see, `posts` one post and the parts of many, `lists` a page of them in an order that an index has,
`counts` how many there are, `publications` what happened to them.
"""

from tiktok_api.posts.queries.counts import count_posts
from tiktok_api.posts.queries.lists import list_posts
from tiktok_api.posts.queries.posts import show_post
from tiktok_api.posts.queries.publications import get_publication, get_publications
from tiktok_api.posts.queries.reach import visible_to

__all__ = ["count_posts", "get_publication", "get_publications", "list_posts", "show_post", "visible_to"]
