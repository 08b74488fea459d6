"""``/_baremint/``: what an operator of the whole deployment asks. Things of our own; IBM Cloud has none of them."""
