"""gunicorn, for all three. What stands here is what `docs/production.md` was measured with.

    gunicorn --config deploy/gunicorn.conf.py blog_django.wsgi:application
    gunicorn --config deploy/gunicorn.conf.py blog_flask.wsgi:app
    gunicorn --config deploy/gunicorn.conf.py --worker-class asgi --threads 1 blog_fastapi.asgi:app

A flag on the command line wins over this file: `--workers 4`. `tests/deploy/flags.py` starts every
framework with this file and looks at what each setting does.
"""

import os

# --- where it listens ----------------------------------------------------------------------------

# Loopback: a proxy stands in front (deploy/nginx.conf, deploy/Caddyfile). Not a unix socket, though
# that works: it has no address, so BLOG_TRUSTED_PROXIES cannot name the proxy, and all clients
# share one limit. A socket that is handed over by systemd (LISTEN_FDS) or by the master before
# (USR2) is used instead of this one; that is how nothing fails while versions change.
bind = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000")

# Connections the kernel holds while every worker is busy or being replaced.
backlog = 2048

# --- how much at once ----------------------------------------------------------------------------

# One for each core; more do not help a blog that computes most of the time. Each is a process with
# its own connections to the database: see "Connections to the database" in docs/production.md.
# With BLOG_LIMITS_STORE=memory each also counts limits for itself.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))

# For Django and Flask. For FastAPI: --worker-class asgi.
worker_class = "gthread"

# Requests at once in one worker. At most three of them are at the database, and at most twelve wait
# for it: with sixteen there is one left for /livez while it hangs. A client that sends its body
# slowly holds a thread all the while: that is what the proxy is for. The ASGI worker has no use for
# it, and says so unless it is 1.
threads = 16

# Connections at once in one gthread worker, idle ones included; those beyond wait in the backlog.
# The ASGI worker does not look at it.
worker_connections = 1000

# --- how long ------------------------------------------------------------------------------------

# Seconds after which a worker that has stopped moving is killed and replaced. It is the worker's
# own pulse, not the time of a request: a slow request does not end by it.
timeout = 30

# Seconds that requests in progress have when a worker is to end. Longer than the three seconds for
# which the blog waits for a database, shorter than what systemd or a container engine waits.
graceful_timeout = 20

# Seconds an idle connection is kept for its next request. The proxies here keep none: each of their
# requests has a connection of its own.
keepalive = 5

# A worker is replaced after this many requests, so that what leaks cannot grow for ever. The jitter
# keeps the workers from being replaced at the same moment.
max_requests = 50_000
max_requests_jitter = 5_000

# --- starting ------------------------------------------------------------------------------------

# For working on the code: GUNICORN_RELOAD=on starts the workers again when a file changes. Never in
# production. The flag --reload alone does nothing here: see the next setting.
reload = os.environ.get("GUNICORN_RELOAD") == "on"

# The application is loaded once, before the workers are forked: they share its memory, a mistake in
# a setting stops the start instead of every worker, and when systemd is told that gunicorn is ready
# it is. The price: neither --reload nor SIGHUP brings new code. A new release is a new master, see
# docs/production.md.
preload_app = not reload

# --- what is said --------------------------------------------------------------------------------

# "-" is standard output: a line for each request. Off (None) unless wanted: the proxy has one too.
accesslog = os.environ.get("GUNICORN_ACCESS_LOG") or None

# "-" is standard error, where systemd and container engines look.
errorlog = "-"

# "info" has a line for each worker that starts and ends; "warning" only what is wrong.
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "info")

# --- what the contract needs ---------------------------------------------------------------------

# Bytes. The blog refuses request lines by itself, with 414 in its own form, beyond 2,700 characters
# of target. They may be sent as three bytes each; the server must let them through to be refused.
limit_request_line = 8190

# Nobody. Whom to believe about clients is BLOG_TRUSTED_PROXIES' matter alone. With gunicorn's own
# default, whoever connects from this machine sets the scheme and SCRIPT_NAME by header fields.
forwarded_allow_ips = ""

# The same for a unix socket, whose peers gunicorn believes whatever the line above says.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# It would listen on a socket for commands, in a directory that a hardened unit does not have.
control_socket_disable = True
