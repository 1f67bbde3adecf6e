"""The API once more as REST framework's users know it, under `/browse/`.

Generic views and viewsets on a `DefaultRouter`, with authentication, permissions, throttles,
filters, pagination and the browsable API. Behind each stands the same use case as behind `/api/`.
"""
