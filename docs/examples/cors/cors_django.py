"""django-cors-headers, told what the contract allows."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

from blog_core.http.front import ALLOWED_HEADERS, EXPOSED

METHODS = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
HEADERS, EXPOSED = ALLOWED_HEADERS.lower().split(", "), EXPOSED.split(", ")

# --8<-- [start:cors]
# django-cors-headers, first in MIDDLEWARE
CORS_ALLOWED_ORIGINS = ["https://app.example"]
CORS_ALLOW_METHODS, CORS_ALLOW_HEADERS, CORS_EXPOSE_HEADERS = METHODS, HEADERS, EXPOSED
CORS_PREFLIGHT_MAX_AGE = 600
# --8<-- [end:cors]

urlpatterns = [path("posts", lambda request: HttpResponse("posts"))]
settings.configure(
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"],
    ROOT_URLCONF=__name__,
    **{name: value for name, value in globals().items() if name.startswith("CORS_")},
)
app = get_wsgi_application()
