"""Mutants of ONC RPC: those of calls, which are wrong over TCP and UDP alike, and those of records."""
