"""A post's status follows from the states of its publications."""

from hypothesis import given
from hypothesis import strategies as st

from tiktok_api.posts.publishing.transitions import derive_status
from tiktok_api.posts.states import ARRIVED, ENDED, LIVE, PublicationState
from tiktok_api.posts.vocabulary import PostStatus

STATES = st.lists(st.sampled_from(PublicationState), max_size=6)


def test_a_post_without_targets_is_a_draft():
    assert derive_status([]) is PostStatus.DRAFT


@given(STATES)
def test_order_and_repetition_do_not_matter(states):
    assert derive_status(states) is derive_status([*reversed(states), *states])


@given(STATES.filter(bool))
def test_only_what_has_ended_everywhere_has_ended(states):
    is_ended = derive_status(states) in (
        PostStatus.PUBLISHED,
        PostStatus.DELIVERED,
        PostStatus.PARTLY_PUBLISHED,
        PostStatus.FAILED,
        PostStatus.CANCELLED,
    )

    assert is_ended == (set(states) <= ENDED)


@given(st.lists(st.sampled_from(sorted(ENDED)), min_size=1, max_size=6))
def test_what_has_ended_is_called_by_how_much_of_it_is_live(states):
    status, live = derive_status(states), [state for state in states if state in LIVE]

    if len(live) == len(states):
        assert status is PostStatus.PUBLISHED
    elif set(states) == {PublicationState.INBOX_DELIVERED}:
        assert status is PostStatus.DELIVERED
    elif set(states) & ARRIVED:
        assert status is PostStatus.PARTLY_PUBLISHED
    else:
        assert status is (PostStatus.FAILED if PublicationState.FAILED in states else PostStatus.CANCELLED)


@given(STATES)
def test_only_what_waits_everywhere_can_still_be_changed(states):
    is_movable = derive_status(states) in (PostStatus.DRAFT, PostStatus.SCHEDULED)
    begun = set(states) - {PublicationState.DRAFT, PublicationState.SCHEDULED, PublicationState.CANCELLED}

    assert not (is_movable and begun)
