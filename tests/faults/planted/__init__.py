"""Faults planted in the applications, which a part of the session has to see."""
