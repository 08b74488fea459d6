"""``/api/v2`` of Key Protect (Key Protect contract, section 2)."""
