"""The state machine: every rule is something that people, workers, the clock, TikTok or the network do."""

from itertools import count, cycle
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.conftest import API
from tests.posts.model import laws
from tests.posts.model.chances import (
    ABSENCES,
    ACTS,
    CALLS,
    FAIL_REASONS,
    FAULTS,
    KINDS,
    LATEST,
    NOW,
    ON_ITS_WAY,
    POLL_FAULTS,
    REPORTS,
    SOON,
    Choice,
    Draft,
    Fault,
    any_posts,
    drafts,
    moments,
    paces,
    posts_in,
    pulls,
    rhythms,
)
from tests.posts.model.stage import Stage
from tests.posts.model.world import CREATORS, Moment, World
from tests.webhooks.events import event, signed
from tiktok_api import clock

NOT_NOW = {404, 409, 422}


class PublishingMachine(RuleBasedStateMachine):
    """Plays on the stage that a test has set. After each step workers work, by a rhythm of rounds and pauses."""

    stage: ClassVar[Stage]

    @initialize(
        drafts=st.lists(drafts, min_size=2, max_size=3),
        rhythm=rhythms,
        pace=paces,
        pull=pulls,
        fate=st.sampled_from([None, "frame_rate_check_failed"]),
    )
    def begin(
        self, drafts: list[Draft], rhythm: list[tuple[int, int]], pace: float, pull: float, fate: str | None
    ) -> None:
        self.world = World(self.stage)
        self.owner, self.tiktok = self.world.owner, self.world.tiktok
        self.stage.transport.watch = lambda: laws.watch(self.world)
        self.rhythm, self.times, self.is_broken = cycle(rhythm), count(1_770_210_873), False
        self.tiktok_changes_its_pace(pace, pull)
        self.tiktok_changes_its_mind(CREATORS[0], fate, None)
        for draft in drafts:
            self.create(draft)

    # People.

    @rule(draft=drafts)
    def create(self, draft: Draft) -> None:
        content, if_late = KINDS[draft["kind"]], draft["if_late"]
        targets = [{"account_id": self.world.accounts[creator]} for creator in draft["creators"]]
        body = content | {"media_ids": self.world.media[content["type"]], "targets": targets, "consent": True}
        answer = self.owner.post("/posts", json=body | ({"if_late": if_late} if if_late else {}))
        assert answer.status_code == 201, answer.json
        if draft["sent"] == "now":
            self._publish(answer.json["id"])
        elif draft["sent"] == "soon":
            self._schedule(answer.json["id"])

    @rule(act=st.sampled_from(ACTS), choice=any_posts)
    def act(self, act: str, choice: Choice) -> None:
        """A person acts on a post that is in a certain state, where there is one."""
        if posts := self.world.posts(choice[0]):
            getattr(self, f"_{act}")(posts[choice[1] % len(posts)])

    @rule(choice=posts_in(*ON_ITS_WAY))
    def cancel(self, choice: Choice) -> None:
        self.act("cancel", choice)

    @rule(choice=posts_in("failed"))
    def retry(self, choice: Choice) -> None:
        self.act("retry", choice)

    @rule(choice=posts_in("unconfirmed", "processing"))
    def resolve(self, choice: Choice) -> None:
        self.act("resolve", choice)

    def _change(self, post_id: UUID) -> None:
        post = self.owner.elsewhere().get(f"/posts/{post_id}").json
        words = {"title": "Other photos"} if post.get("type") == "photo" else {"caption": "Another video"}
        changes = {"consent": True} | ({} if post.get("mode") == "inbox" and post["type"] == "video" else words)
        self._ask("PATCH", f"/posts/{post_id}", {200}, json=changes)

    def _schedule(self, post_id: UUID) -> None:
        with self.world.app.app_context():
            at = clock.now() + SOON
        self._ask("POST", f"/posts/{post_id}/schedule", {200}, json={"publish_at": at.isoformat()})

    def _publish(self, post_id: UUID) -> None:
        self._ask("POST", f"/posts/{post_id}/publish", {202})

    def _cancel(self, post_id: UUID) -> None:
        laws.check_cancellation(self.world, self._ask("POST", f"/posts/{post_id}/cancel", {200}))

    def _retry(self, post_id: UUID) -> None:
        self._ask("POST", f"/posts/{post_id}/retry", {202})

    def _delete(self, post_id: UUID) -> None:
        self._ask("DELETE", f"/posts/{post_id}", {204})

    def _duplicate(self, post_id: UUID) -> None:
        self._ask("POST", f"/posts/{post_id}/duplicate", {201})

    def _resolve(self, post_id: UUID) -> None:
        """A person looks at TikTok and says what is there; of what is not unconfirmed, they need not look: it is refused."""
        for each in self.owner.elsewhere().get(f"/posts/{post_id}/publications").json.get("data", ()):
            is_unconfirmed, outcome = each["state"] == "unconfirmed", "post_again"
            if is_unconfirmed and not (outcome := laws.honest_answer(self.world, UUID(each["id"])) or ""):
                continue
            right = {200} if is_unconfirmed else set()
            self._ask("POST", f"/publications/{each['id']}/resolve", right, json={"outcome": outcome})

    def _reset(self, _post_id: UUID) -> None:
        for account_id in self.world.accounts.values():
            self._ask("POST", f"/accounts/{account_id}/circuit/reset", {200})

    def _ask(self, method: str, path: str, right: set[int], **options: Any) -> Any:
        answer = self.owner.elsewhere().open(path, method=method, **options)
        assert answer.status_code in right | NOT_NOW, (path, answer.status_code, answer.json)
        return answer.json if answer.status_code in right else None

    # Workers.

    @rule(moment=moments, draft=drafts)
    def die(self, moment: Moment, draft: Draft) -> None:
        self.create(draft | NOW)
        self.world.run_and_die(moment)

    @rule(moment=moments, draft=drafts)
    def stand_still(self, moment: Moment, draft: Draft) -> None:
        """A worker stops in the middle of its work for longer than its lease, and goes on after another one has finished."""
        self.create(draft | NOW)
        with self.world.at(moment, self.world.take_over):
            self.world.run()

    @rule(moment=moments, draft=drafts, act=st.sampled_from(ACTS))
    def act_meanwhile(self, moment: Moment, draft: Draft, act: str) -> None:
        """A person acts on a post in the middle of a worker's work, most often on that very post."""
        self.create(draft | NOW)
        with self.world.at(moment, lambda: self.act(act, LATEST)):
            self.world.run()

    @rule(draft=drafts, seconds=st.sampled_from(ABSENCES))
    def no_worker_runs(self, draft: Draft, seconds: int) -> None:
        """Something is to go out, and no worker runs for a while."""
        self.create(draft)
        self.world.pass_time(seconds)

    # Clocks.

    @rule(seconds=st.integers(-3600, 3600))
    def our_clock_jumps(self, seconds: int) -> None:
        self.world.set_our_clock(seconds)

    # TikTok and the network.

    @rule(
        endpoint=st.sampled_from(CALLS), fault=st.sampled_from(FAULTS), nth=st.integers(1, 3), times=st.integers(1, 12)
    )
    def trouble(self, endpoint: str, fault: Fault, nth: int, times: int) -> None:
        self.tiktok.mischief(endpoint, **fault, nth=nth, times=times)

    @rule(fault=st.sampled_from(POLL_FAULTS), times=st.integers(1, 12))
    def polls_fail(self, fault: Fault, times: int) -> None:
        self.tiktok.mischief("status", **fault, times=times)

    @rule(nth=st.integers(1, 3), endpoint=st.sampled_from(["pull", "webhook"]))
    def trouble_of_tiktoks_own_calls(self, nth: int, endpoint: str) -> None:
        self.tiktok.mischief(endpoint, "status", status=500, nth=nth)

    @rule(byte=st.integers(0, 60_000))
    def upload_breaks(self, byte: int) -> None:
        self.tiktok.mischief("upload", "drop_before", at_byte=byte)

    @rule()
    def trouble_ends(self) -> None:
        self.tiktok.clear_mischief()

    @rule(creator=st.sampled_from(CREATORS), reason=st.sampled_from(FAIL_REASONS), cap=st.sampled_from([None, 1, 15]))
    def tiktok_changes_its_mind(self, creator: str, reason: str | None, cap: int | None) -> None:
        self.tiktok.change_creator(creator, fail_reason=reason, post_cap=cap)

    @rule(pace=paces, pull=pulls)
    def tiktok_changes_its_pace(self, pace: float, pull: float) -> None:
        self.tiktok.knobs(processing_seconds=pace, pull_delay_seconds=pull, pull_timeout_seconds=3600)

    @rule(place=st.integers(0, 1))
    def reports_are_false(self, place: int) -> None:
        """Signed events say everything of a publish_id, of an open one first: TikTok is asked before they are believed."""
        theirs = sorted(self.tiktok.publications(), key=lambda each: each["finished_at"] or "")
        if not theirs:
            return
        about = theirs[place % len(theirs)]
        content = {"publish_id": about["publish_id"], "reason": "internal", "post_id": "7602997517160123666"}
        for name in REPORTS:
            body = event(f"post.publish.{name}", about["open_id"], content, create_time=next(self.times))
            client = self.world.app.test_client()
            answer = client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body))
            assert answer.status_code == 200, answer.json

    @rule(place=st.integers(0, 5))
    def a_creator_posts_a_draft(self, place: int) -> None:
        drafts = [each for each in self.tiktok.publications() if each["status"] == "SEND_TO_USER_INBOX"]
        if drafts:
            draft = drafts[place % len(drafts)]
            self.tiktok.complete_draft(draft["username"], draft["publish_id"])

    # What always holds.

    @invariant()
    def nothing_is_twice_or_lost_or_untrue(self) -> None:
        if not hasattr(self, "world"):
            return
        rounds, seconds = next(self.rhythm)
        for _ in range(rounds):
            self.world.run()
            self.world.settle()
            self.world.pass_time(seconds)
        self.world.settle()
        self.is_broken = True
        laws.check(self.world)
        self.is_broken = False

    def teardown(self) -> None:
        if not hasattr(self, "world") or self.is_broken:
            return
        self.world.drain()
        laws.check_end(self.world)
        for post_id in self.world.posts("failed"):  # what has arrived on another account is not sent again
            self._retry(post_id)
        laws.check(self.world)
