"""Reinforcement-learning algorithms: one object in a file each (``algorithm`` is their face), and their mathematics.

Nothing is imported here. ``weighted_loss`` needs veRL, what takes tensors is given them; everything else needs NumPy.
"""
