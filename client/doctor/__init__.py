"""What Holdfast needs and could use of this machine: looked at from outside, whether it runs or not."""
