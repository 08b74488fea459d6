"""The tables of the database: what they lack of this version, and how they get it."""
