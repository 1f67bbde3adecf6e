import sys
from pathlib import Path

# Targets in process are named by import string, so their module must be importable by name.
sys.path.insert(0, str(Path(__file__).parent))
