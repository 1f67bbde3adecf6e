"""The set-ups of deploy/, started as their comments say, and watched.

python -m pytest tests/deploy/flags.py      every flag, on every pair
python -m pytest tests/deploy/proxies.py    nginx and Caddy in front
python -m tests.deploy.rolling              restarts under load
python -m tests.deploy.slow_clients         a thousand slow clients
python -m tests.deploy.soak                 steady load, memory and descriptors sampled
"""
