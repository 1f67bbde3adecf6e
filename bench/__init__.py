"""Measure each adapter against the tutorial spelling of its framework and the bare driver."""
