"""The two roles that one model plays, by the names that rows, metrics and settings have for them."""

CONTROLLER, REASONER = "controller", "reasoner"
