#!/usr/bin/env python
"""Django's command line with the blog's settings: `python manage.py migrate`."""

from blog_django.manage import main

if __name__ == "__main__":
    main()
