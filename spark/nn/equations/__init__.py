"""Equations as text: parsed, never run; their units checked, and their values computed in one system of units."""
