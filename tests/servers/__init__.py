"""Raw bytes over real servers: the same answer behind each, or a refusal that has been reviewed.

python -m tests.servers
"""
