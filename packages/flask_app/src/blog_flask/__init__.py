"""The blog through Flask.

flask --app blog_flask run
gunicorn blog_flask.wsgi:app
"""

from blog_flask.app import create_app

__all__ = ["create_app"]
