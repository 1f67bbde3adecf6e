"""The blog itself, without a web framework.

>>> from blog_core.settings import Settings
>>> from blog_core.wiring import build
>>> from blog_core.schemas import ANYBODY, PostQuery
>>> blog = build(Settings.from_env())
>>> page = blog.list_posts(ANYBODY, PostQuery())
"""
