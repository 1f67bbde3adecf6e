"""flask-cors, told what the contract allows."""

from flask import Flask
from flask_cors import CORS

from blog_core.http.front import ALLOWED_HEADERS, EXPOSED

METHODS = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
HEADERS, EXPOSED = ALLOWED_HEADERS.split(", "), EXPOSED.split(", ")
app = Flask(__name__)

# --8<-- [start:cors]
# flask-cors
CORS(
    app,
    origins=["https://app.example"],
    methods=METHODS,
    allow_headers=HEADERS,
    expose_headers=EXPOSED,
    max_age=600,
)
# --8<-- [end:cors]


@app.route("/posts")
def posts() -> str:
    return "posts"
