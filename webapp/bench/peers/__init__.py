"""Programs that set up libraries of others, each in a process of its own."""
