"""The blog through Flask.

gunicorn blog_flask.wsgi:app
"""
