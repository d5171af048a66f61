"""The state machine: every rule is something that people, workers, the clock, TikTok or the network do."""

from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from tests.conftest import API
from tests.posts.interruptions import around_calls
from tests.posts.model import laws
from tests.posts.model.world import CREATORS, Stage, World
from tests.webhooks.events import event, signed
from tiktok_api import clock

KINDS: dict[str, dict[str, Any]] = {
    "video": {"type": "video", "mode": "direct", "privacy_level": "SELF_ONLY", "caption": "A video"},
    "public video": {"type": "video", "mode": "direct", "privacy_level": "PUBLIC_TO_EVERYONE", "caption": "Public"},
    "video to the inbox": {"type": "video", "mode": "inbox"},
    "photos": {"type": "photo", "mode": "direct", "privacy_level": "SELF_ONLY", "title": "Photos"},
    "photos to the inbox": {"type": "photo", "mode": "inbox", "title": "Photos"},
}
FAULTS: tuple[dict[str, Any], ...] = (
    {"effect": "status", "status": 401, "code": "access_token_invalid"},
    {"effect": "status", "status": 429},
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 502, "envelope": False},
    {"effect": "status", "status": 400, "code": "invalid_params"},
    {"effect": "status", "status": 500, "when": "after"},
    {"effect": "drop_before"},
    {"effect": "drop_after"},
    {"effect": "garbage"},
    {"effect": "cut"},
    {"effect": "delay", "delay_seconds": 0.05},
)
CALLS = ("creator_info", "video_init", "inbox_init", "photo_init", "upload", "status", "refresh", "any")
FAIL_REASONS = (None, None, "internal", "spam_risk_text", "spam_risk_too_many_posts", "frame_rate_check_failed")
REPORTS = ("complete", "failed", "inbox_delivered", "publicly_available", "no_longer_publicaly_available")
JUMPS = (1, 5, 20, 61, 300, 1800, 3500, 3700, 7200, 90_000)
NOT_NOW = {404, 409, 422}

drafts = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(sorted(KINDS)),
        "creators": st.sampled_from([CREATORS[:1], CREATORS[1:], CREATORS]),
        "if_late": st.sampled_from([None, "publish", "skip"]),
        "is_sent_at_once": st.sampled_from([True, True, False]),
    }
)
moments = st.tuples(st.integers(1, 6), st.sampled_from(["before", "after"]))


class PublishingMachine(RuleBasedStateMachine):
    """Plays on the stage that a test has set."""

    stage: ClassVar[Stage]
    posts: Bundle[str] = Bundle("posts")

    @initialize(target=posts, drafts=st.lists(drafts, min_size=2, max_size=4))
    def begin(self, drafts: list[dict[str, Any]]) -> Any:
        self.world = World(self.stage)
        self.owner, self.tiktok = self.world.owner, self.world.tiktok
        self.is_broken = False
        return multiple(*(self._create(**draft) for draft in drafts))

    # People.

    @rule(target=posts, draft=drafts)
    def create(self, draft: dict[str, Any]) -> str:
        return self._create(**draft)

    def _create(self, kind: str, creators: tuple[str, ...], if_late: str | None, *, is_sent_at_once: bool) -> str:
        targets = [{"account_id": self.world.accounts[creator]} for creator in creators]
        body = KINDS[kind] | {"media_ids": self.world.media[KINDS[kind]["type"]], "targets": targets, "consent": True}
        answer = self.owner.post("/posts", json=body | ({"if_late": if_late} if if_late else {}))
        assert answer.status_code == 201, answer.json
        post_id = str(answer.json["id"])
        if is_sent_at_once:
            self._ask("POST", f"/posts/{post_id}/publish", {202})
        return post_id

    @rule(post_id=posts, number=st.integers(0, 99))
    def change(self, post_id: str, number: int) -> None:
        post = self.owner.get(f"/posts/{post_id}").json
        words = {"title": f"Photos {number}"} if post.get("type") == "photo" else {"caption": f"A video {number}"}
        changes = {"consent": True} | ({} if post.get("mode") == "inbox" and post["type"] == "video" else words)
        self._ask("PATCH", f"/posts/{post_id}", {200}, json=changes)

    @rule(post_id=posts, minutes=st.integers(0, 180))
    def schedule(self, post_id: str, minutes: int) -> None:
        with self.world.app.app_context():
            at = clock.now() + timedelta(minutes=minutes)
        self._ask("POST", f"/posts/{post_id}/schedule", {200}, json={"publish_at": at.isoformat()})

    @rule(post_id=posts)
    def publish(self, post_id: str) -> None:
        self._ask("POST", f"/posts/{post_id}/publish", {202})

    @rule(post_id=posts)
    def cancel(self, post_id: str) -> None:
        answer = self._ask("POST", f"/posts/{post_id}/cancel", {200})
        laws.check_cancellation(self.world, answer)

    @rule(post_id=posts)
    def retry(self, post_id: str) -> None:
        self._ask("POST", f"/posts/{post_id}/retry", {202})

    @rule(post_id=posts)
    def delete(self, post_id: str) -> None:
        self._ask("DELETE", f"/posts/{post_id}", {204})

    @rule(target=posts, post_id=posts)
    def duplicate(self, post_id: str) -> Any:
        answer = self._ask("POST", f"/posts/{post_id}/duplicate", {201})
        return str(answer["post"]["id"]) if answer else multiple()

    @rule()
    def resolve(self) -> None:
        """A person looks at TikTok, and says what is there: only what cannot go live any more is posted again."""
        for publication_id, outcome in laws.honest_answers(self.world).items():
            self._ask("POST", f"/publications/{publication_id}/resolve", {200}, json={"outcome": outcome})

    @rule()
    def reset_circuits(self) -> None:
        for account_id in self.world.accounts.values():
            self._ask("POST", f"/accounts/{account_id}/circuit/reset", {200})

    def _ask(self, method: str, path: str, right: set[int], **options: Any) -> Any:
        answer = self.owner.elsewhere().open(path, method=method, **options)
        assert answer.status_code in right | NOT_NOW, (path, answer.status_code, answer.json)
        return answer.json if answer.status_code in right else None

    # Workers.

    @rule(rounds=st.integers(1, 4))
    def work(self, rounds: int) -> None:
        for _ in range(rounds):
            self.world.run()
            self.world.settle()
            self.world.pass_time(10)
        self.world.run()

    @rule(moment=moments)
    def die(self, moment: tuple[int, str]) -> None:
        self.world.run_and_die(*moment)

    @rule(moment=moments)
    def stand_still(self, moment: tuple[int, str]) -> None:
        """A worker stops in the middle of a call for longer than its lease, and goes on after another one has finished."""
        with around_calls(self.stage.transport, *moment, self.world.take_over):
            self.world.run()

    @rule(moment=moments, act=st.sampled_from(["cancel", "change", "publish", "delete", "retry"]), post_id=posts)
    def act_meanwhile(self, moment: tuple[int, str], act: str, post_id: str) -> None:
        acts = {
            "cancel": lambda: self.cancel(post_id),
            "change": lambda: self.change(post_id, 100),
            "publish": lambda: self.publish(post_id),
            "delete": lambda: self.delete(post_id),
            "retry": lambda: self.retry(post_id),
        }
        with around_calls(self.stage.transport, *moment, acts[act]):
            self.world.run()

    # Clocks.

    @rule(seconds=st.sampled_from(JUMPS))
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(seconds=st.integers(-3600, 3600))
    def our_clock_jumps(self, seconds: int) -> None:
        self.world.set_our_clock(seconds)

    # TikTok and the network.

    @rule(
        endpoint=st.sampled_from(CALLS), fault=st.sampled_from(FAULTS), nth=st.integers(1, 3), times=st.integers(1, 12)
    )
    def trouble(self, endpoint: str, fault: dict[str, Any], nth: int, times: int) -> None:
        self.tiktok.mischief(endpoint, **fault, nth=nth, times=times)

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

    @rule(seconds=st.sampled_from([0.0, 2.0, 120.0, 90_000.0]), pull=st.sampled_from([0.0, 30.0, 3000.0, 4000.0]))
    def tiktok_changes_its_pace(self, seconds: float, pull: float) -> None:
        self.tiktok.knobs(processing_seconds=seconds, pull_delay_seconds=pull, pull_timeout_seconds=3600)

    @rule(name=st.sampled_from(REPORTS), place=st.integers(0, 20))
    def a_report_is_false(self, name: str, place: int) -> None:
        """A signed event says anything of a publish_id: TikTok is asked before it is believed."""
        theirs = self.tiktok.publications()
        if not theirs:
            return
        about = theirs[place % len(theirs)]
        content = {"publish_id": about["publish_id"], "reason": "internal", "post_id": "7602997517160123666"}
        body = event(f"post.publish.{name}", about["open_id"], content, create_time=1_770_210_873 + place)
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
        self.world.settle()
        self.is_broken = True
        laws.check(self.world)
        self.is_broken = False

    def teardown(self) -> None:
        if hasattr(self, "world") and not self.is_broken:
            self.world.drain()
            laws.check_end(self.world)
