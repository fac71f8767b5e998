"""What is put before the modules of a Holdfast that is to get stuck."""
