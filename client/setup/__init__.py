"""A first config: from what somebody wants, or from an Octyne that is here already."""
