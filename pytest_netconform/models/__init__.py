"""Models: what a standard lets a server answer, state by state. Pure values: no octet is moved here."""
