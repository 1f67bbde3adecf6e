"""The floor: sqlite3 and json alone, behind the same servers, without a framework or a rule."""
