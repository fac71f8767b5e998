"""The scripts of the checkout, with programs in place of those that need the network."""
