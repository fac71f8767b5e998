"""Random ties between services."""

from hypothesis import strategies as st

from supervisor import Ties

NAMES = tuple("abcdefgh")


@st.composite
def ties(draw: st.DrawFn) -> dict[str, Ties]:
    """Ties of some services, also circles and names that are not there."""
    known = draw(st.lists(st.sampled_from(NAMES), unique=True))
    some = st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple)
    return {name: Ties(draw(some), draw(some)) for name in known}


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, Ties]:
    """Ties of all names without a circle: there is an order in which each names only such as come later."""
    ranks = draw(st.permutations(NAMES))
    graph: dict[str, Ties] = {}
    for name in NAMES:
        later = ranks[ranks.index(name) + 1 :]
        some = st.lists(st.sampled_from(later), max_size=2, unique=True).map(tuple) if later else st.just(())
        graph[name] = Ties(draw(some), draw(some))
    return graph
