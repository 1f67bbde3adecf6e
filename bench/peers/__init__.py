"""The same API as the tutorials of the three frameworks spell it, on the blog's own tables.

Each peer is written the way its framework's documentation teaches, with a good tutorial's care (the
author comes with a join, the page is limited in SQL) and nothing beyond it: none of the contract's
rules on headers, caching, cursors or idempotency. All read and write the tables of `blog_core`.
"""
