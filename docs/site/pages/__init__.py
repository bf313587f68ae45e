"""What the site says that no page says by hand: models, reference, tests, tables and pictures, made from the code."""
