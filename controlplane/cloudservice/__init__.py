"""What all IAM-enabled services share: how they authenticate callers, ask IAM for decisions, and declare themselves."""
