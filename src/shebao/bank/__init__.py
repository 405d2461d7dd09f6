"""The embedded bank: a payment channel for demonstration and tests. Imports nothing of the hall."""
