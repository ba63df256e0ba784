"""Reference servers: strict sessions without sockets, their mutants, and the hosts that put them on a network."""
