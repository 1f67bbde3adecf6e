"""The application's configuration, with a label of its own."""

from django.apps import AppConfig


class BlogConfig(AppConfig):
    name = "bench.peers.drf_tutorial.blog"
    label = "tutorial_blog"
