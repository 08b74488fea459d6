"""IAM: accounts, trusted profiles, links, policies, and the decisions made from them."""
