"""Move a site from one framework to another, route by route, while people use it."""
