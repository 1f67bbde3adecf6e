"""Django REST framework as its quickstart and tutorial teach it, on unmanaged models."""
