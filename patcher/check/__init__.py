"""Every commit of a series: it applies, what it affects compiles, and nothing new is said of it."""
