"""The page that `triptych demo` serves beside the three: one request, three answers, the code."""
