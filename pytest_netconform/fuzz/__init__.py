"""Fuzzing: what no fixed check thinks of. Hypothesis draws, a walk judges, and what is found becomes a named case."""
