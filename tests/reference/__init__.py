"""Models in NumPy, 64 bits, written from the papers that the classes cite; nothing of Spark is imported here."""
