"""The blog through FastAPI.

uvicorn blog_fastapi.asgi:app
"""
