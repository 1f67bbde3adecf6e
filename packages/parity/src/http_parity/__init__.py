"""Compare HTTP applications and explain how they differ."""
