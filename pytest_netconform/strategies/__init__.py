"""Strategies: what Hypothesis draws the steps of walks from. Valid, almost valid and hostile; pure, like all of F1."""
