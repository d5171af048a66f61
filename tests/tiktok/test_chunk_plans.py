"""plan_chunks() and ChunkPlan: the arithmetic of TikTok's media transfer guide"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_api.tiktok import ChunkPlan, plan_chunks

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("size", "chunk_size", "count", "last_chunk"),
    [
        (3_145_728, 3_145_728, 1, 3_145_728),
        (64_000_000, 64_000_000, 1, 64_000_000),
        (67_108_865, 10_485_760, 6, 14_680_065),
        (121_000_000, 10_485_760, 11, 16_142_400),
        (4_294_967_296, 10_485_760, 409, 16_777_216),
    ],
)
def test_published_sizes_are_cut_as_published(size, chunk_size, count, last_chunk):
    plan = plan_chunks(size)

    first, last = plan.chunk(plan.total_chunk_count - 1)
    assert (plan.chunk_size, plan.total_chunk_count) == (chunk_size, count)
    assert (last - first + 1, last) == (last_chunk, size - 1)


@pytest.mark.parametrize(
    ("size", "chunk_size", "count", "last_chunk"),
    [(50_000_123, 10_000_000, 5, 10_000_123), (158_008_374, 5_242_880, 30, 5_964_854)],
)
def test_plans_of_others_are_followed(size, chunk_size, count, last_chunk):
    plan = ChunkPlan(video_size=size, chunk_size=chunk_size, total_chunk_count=count)

    first, last = plan.chunk(count - 1)

    assert last - first + 1 == last_chunk


@given(st.integers(min_value=1, max_value=4_294_967_296))
def test_any_size_obeys_every_rule(size):
    plan = plan_chunks(size)

    lengths = [last - first + 1 for first, last in map(plan.chunk, range(plan.total_chunk_count))]
    assert sum(lengths) == size
    assert plan.total_chunk_count == size // plan.chunk_size
    assert 1 <= plan.total_chunk_count <= 1000
    assert plan.total_chunk_count > 1 or plan.chunk_size == size <= 64_000_000
    assert all(5 * MIB <= length <= 64_000_000 for length in lengths[:-1])
    assert lengths[-1] <= 128_000_000


@pytest.mark.parametrize("size", [-1, 0, 4_294_967_297])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(ValueError, match="1 to 4294967296 bytes"):
        plan_chunks(size)


@pytest.mark.parametrize("index", [-1, 6])
def test_there_is_no_chunk_outside_of_the_plan(index):
    plan = plan_chunks(67_108_865)

    with pytest.raises(IndexError):
        plan.chunk(index)


@pytest.mark.parametrize(
    ("uploaded", "chunk"),
    [
        (None, 0),
        (0, 0),
        (1, 0),
        (10_485_758, 0),
        (10_485_759, 1),  # the end of the first chunk, named by its last byte
        (10_485_760, 1),  # the same, counted
        (10_485_761, 1),
        (52_428_800, 5),
        (62_914_560, 5),  # inside the long last chunk
        (67_108_863, 5),
        (67_108_864, 6),
        (67_108_865, 6),
    ],
)
def test_an_upload_continues_with_the_first_missing_chunk(uploaded, chunk):
    plan = plan_chunks(67_108_865)

    assert plan.next_chunk(uploaded) == chunk
