"""Django's command line with the blog's settings.

python manage.py migrate
"""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blog_django.settings")
    execute_from_command_line(sys.argv)
