"""How a step is done: modules as instructions of a native program, or compiled from what their authors wrote.

An engine knows modules; no module knows an engine. What it needs of a class it finds in the class's formula, its ports
and its typed traits, or in its own tables of instructions.
"""
