"""`python -m blog_django` is `manage.py`: `python -m blog_django migrate`."""

from blog_django.manage import main

if __name__ == "__main__":
    main()
