"""The graph: specs, their check, and the build order. Pure data and rules; no arrays are computed."""
