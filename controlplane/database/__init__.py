"""The tables of the database: their migration state and their upgrade."""
