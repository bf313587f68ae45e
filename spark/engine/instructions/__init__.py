"""Instructions for the classes of modules that have some, a table for each family: type to how."""
