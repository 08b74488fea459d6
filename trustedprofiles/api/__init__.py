"""IAM REST: trusted profiles, links, policies, roles, resource groups."""
