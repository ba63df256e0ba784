"""Dialogues of single protocols: the generic dialogue over a framer of `wire/`, and a few words of the protocol."""
