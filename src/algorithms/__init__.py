"""Reinforcement-learning algorithms: pure functions first, the veRL-facing loss in `weighted_loss`.

Nothing is imported here: `selection` needs NumPy only, `weights` and `grip` need torch, `weighted_loss`
needs veRL.
"""
