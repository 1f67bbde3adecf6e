"""Where the blog is kept: SQLAlchemy tables, repositories and migrations."""
