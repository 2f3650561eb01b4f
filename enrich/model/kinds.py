"""What a kind of link can do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from enrich.model.asking import Fetch, Outcome, Request, Response
from enrich.model.metadata import Metadata
from enrich.model.report import ReportTarget
from enrich.model.targets import CanonicalUrl, Identity, Target
from enrich.model.verdicts import Finding, FindingCode, Reason, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one host is asked: at most ``width`` at a time, ``interval_seconds`` apart.

    With width 1 the gap counts from the completion of the last request, else from its start.
    ``jitter_seconds`` is added at random to every gap. ``daily_cap`` and ``check_cap`` bound the
    questions a day in ``run`` and in one ``check``. ``stop_after_blocked`` refusals in a row end the
    host's turn, for this run and for ``stop_seconds``; before the last of them, ``run`` waits once for
    ``pause_seconds``. Reasons ``about_link`` are *blocked* for the link's own sake, and no refusals.
    ``known_as`` is what people call the host. Hosts with the same ``lane`` are one to their
    owner: they share its turns.
    """

    width: int = 4
    interval_seconds: float = 0.1
    jitter_seconds: float = 0.0
    daily_cap: int | None = None
    check_cap: int | None = None
    stop_after_blocked: int | None = None
    lane: str | None = None
    stop_seconds: float = 0.0
    pause_seconds: float = 0.0
    about_link: frozenset[str] = frozenset()
    known_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a page says about itself: metadata, who said so, and the id by which it is known elsewhere."""

    metadata: Metadata | None = None
    source: str = "page"
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an API said about one target.

    Without a verdict the API could not tell, and the target's own address is asked instead; ``unasked`` when it
    said nothing at all, so that this is only worth while where a verdict is due.
    """

    target_id: str
    verdict: Verdict | None = None
    metadata: Metadata | None = None
    source: str | None = None
    http_status: int | None = None
    alias: str | None = None
    attempts: int = 1
    unasked: bool = False


def say_nothing(_code: str, _message: str) -> None:
    """Nobody listens."""


def remember_nothing(_name: str, _until: float | None) -> None:
    """Nobody remembers."""


def is_never_held(_name: str) -> bool:
    return False


async def sleep(seconds: float) -> None:
    """Wait for so many seconds, by the clock of the loop."""
    import anyio

    await anyio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What a lookup may use: the guarded ``fetch`` and the settings that concern providers.

    ``tell`` puts a remark on the whole run into its report, the last one of each code. ``hold`` remembers beyond the
    run that a budget of that name is spent until then (seconds since 1970; None for an hour), ``is_held`` whether
    one still is. ``pause`` waits for so many seconds, between two questions.
    ``alive`` are ids of targets that were there when they were asked last, ``lacking`` of those whose metadata are
    wanted and of which none are stored. Without ``datacite_url`` nobody but arXiv is asked about papers.
    ``arxiv_backoff_seconds`` is the first pause after an answer of arXiv's that is of no use; the pauses double.
    """

    fetch: Fetch
    github_token: str | None = None
    github_api_url: str = "https://api.github.com"
    arxiv_api_url: str = "https://export.arxiv.org/api/query"
    datacite_url: str | None = None
    contact: str | None = None
    tell: Callable[[str, str], None] = say_nothing
    hold: Callable[[str, float | None], None] = remember_nothing
    is_held: Callable[[str], bool] = is_never_held
    pause: Callable[[float], Awaitable[None]] = sleep
    alive: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    arxiv_backoff_seconds: float = 6.0


@dataclass(frozen=True, slots=True)
class Sight:
    """What remains of an answer once it was looked at, small enough to be remembered for a whole run.

    ``status`` is None where no answer came; ``url`` is where it ended; ``words`` are its title and main heading, and
    ``text`` is the beginning of what a visitor can read there. ``sold`` is set where the name of the host is for sale,
    ``leads_to`` where the page itself leads on at once.
    """

    status: int | None
    url: str
    words: tuple[str, str] = ("", "")
    text: str = ""
    sold: bool = False
    leads_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why an answer of success or a 404 may not mean what it says, and a question to the same host that tells.

    A question of one ``name`` is asked once for each host in a run, and what ``see`` makes of the answer is remembered.
    ``settle`` gives the verdict by it, a further doubt, or None when the verdict stands.
    """

    name: str
    question: Request
    see: Callable[[Outcome], Sight]
    settle: Callable[[Sight], Verdict | Doubt | None]


LookUp = Callable[[Sequence[Target], Api], AsyncIterator[Found]]


def no_verdict(_target: Target) -> Verdict | None:
    return None


def no_doubt(_target: Target, _response: Response) -> Doubt | None:
    return None


def no_api(_api: Api) -> str | None:
    return None


def no_question(_target: Target, _outcome: Outcome) -> Request | None:
    return None


def no_findings(_row: ReportTarget) -> Iterable[Finding]:
    return ()


def in_one_question(_host: str, gap_seconds: float) -> float:
    """The verdict's own question brings the metadata as well."""
    return gap_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of link, declared at the foot of one file in ``enrich/kinds``.

    ``hosts`` are the host names whose URLs ``identify`` is shown; a name that begins with a dot stands
    for all hosts that end with it. ``identify`` gets a canonical URL and says what it stands for, or
    None when it is not of this kind. ``request`` makes the question for a target's own address;
    ``wants_page`` says that metadata are due. ``confirm`` makes the second question when the first
    answer (a HEAD) cannot be trusted or the page itself is wanted, or None when the answer stands.
    ``judge`` and ``read_page`` turn an answer into a verdict and metadata; ``doubt`` says of an answer that was
    judged to be alive, or came with 404, what would have to be asked to be sure. ``ask_facts`` makes one more question,
    whose answer ``read_page`` is shown too, for metadata that are due and that the answer of a link that is there does
    not hold; the verdict stands. ``look_up`` asks an API in batches of ``batch_size`` at ``api_url``; ``asks_api`` says
    which targets it can decide. ``findings_of`` derives findings from a row of the report. ``judge_unasked`` gives the
    verdict of a target that nobody need be asked about. ``identify_on`` does the same as ``identify`` for a server of
    one's own, given the address of its API. ``manners`` gives the built-in manners of hosts it knows. A verdict *ok*
    lasts ``ok_age_seconds``, ``ok_spread_seconds`` shorter or longer at most; with 0 every verdict is made anew in every
    run. Metadata last ``metadata_age_seconds``. ``page_seconds`` says how long a link takes by manners whose metadata
    are wanted too, given its host and the gap there.
    """

    name: str
    hosts: frozenset[str]
    identify: Callable[[CanonicalUrl], Identity | None]
    request: Callable[[Target, bool], Request]
    judge: Callable[[Target, Outcome], Verdict]
    confirm: Callable[[Target, Outcome, bool], Request | None]
    read_page: Callable[[Target, Response], PageFacts]
    reasons: tuple[Reason, ...]
    findings: tuple[FindingCode, ...] = ()
    look_up: LookUp | None = None
    asks_api: Callable[[Target], bool] | None = None
    batch_size: int = 100
    api_url: Callable[[Api], str | None] = no_api
    findings_of: Callable[[ReportTarget], Iterable[Finding]] = no_findings
    manners: Mapping[str, Manners] = field(default_factory=dict)
    metadata_age_seconds: float = 30 * 86400.0
    ok_age_seconds: float = 7 * 86400.0
    ok_spread_seconds: float = 2 * 86400.0
    judge_unasked: Callable[[Target], Verdict | None] = no_verdict
    page_seconds: Callable[[str, float], float] = in_one_question
    doubt: Callable[[Target, Response], Doubt | None] = no_doubt
    ask_facts: Callable[[Target, Outcome], Request | None] = no_question
    identify_on: Callable[[CanonicalUrl, str], Identity | None] | None = None
