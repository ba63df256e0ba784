"""Mail systems that are wrong on purpose, one module per chapter of the suite `message`.

Each is one server of the three, derived from its reference session; the other two are right.
"""
