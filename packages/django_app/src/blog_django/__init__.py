"""The blog through Django and Django REST framework.

gunicorn blog_django.wsgi:application
"""
