"""Questions whose evidence is known, drawn from a seed: long series, and a short form for a model of a million weights.

The modules ``long`` and ``short`` are the forms (``recipes.artist.source.Form``), the others the kinds of the long one.
"""
