"""Two or three frameworks in one process, on one database, behind one front."""
