"""Who may become what: accounts, trusted profiles, links, policies, and the decisions made from them."""
