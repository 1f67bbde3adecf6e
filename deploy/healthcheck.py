"""Ends with 0 when the blog in this container is ready to serve, else with 1.

python healthcheck.py [PORT]
"""

import http.client
import os
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
# A host that the blog answers for: an address would have to be in BLOG_HOSTS as well.
host = os.environ.get("BLOG_HOSTS", "localhost").split(",")[0]
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
try:
    connection.request("GET", "/readyz", headers={"Host": host})
    ready = connection.getresponse().status == 200
except (OSError, http.client.HTTPException):
    ready = False
sys.exit(0 if ready else 1)
