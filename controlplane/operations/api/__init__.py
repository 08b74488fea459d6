"""``/_baremint/``: operations for the operator of the deployment. IBM Cloud has none of them."""
