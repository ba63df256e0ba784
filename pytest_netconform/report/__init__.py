"""Reports: what came of a run, as records, text, JSON, JUnit properties and scripts. Pure functions of results."""
