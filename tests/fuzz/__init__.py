"""Tests of fuzzing: models, machines, and what they find."""
