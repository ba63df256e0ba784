"""The wire: octets to values and back. Pure functions and feeders; no socket, clock, thread or global state."""
