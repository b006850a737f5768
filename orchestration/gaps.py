"""Words of the sources that no definition knows: what becomes of them, and the row that would make
one known.

What is found open by a run (quality.py) and before one (doctor/) is told in the same words here.
Nothing is counted here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

# The ladder's own words, as int_ladder has them; what deals prove comes from deals.
LADDER = ("lead", "mql", "sal", "sql", "rejected", "recycled")
STATUSES = ("open", "won", "lost")
KINDS = ("new", "upsell", "cross_sell", "renewal", "refund")
# Deals keep the meaning of these without a row.
EXCLUDED_REASONS = ("duplicate", "invalid", "test")
FIRST_DAY, LAST_DAY = "1900-01-01", "9999-12-31"
LONGEST = 60
# Stands for a rate in a row to paste: no number is made up, and the loader refuses the word.
RATE = "RATE"

Words = Sequence[tuple[str, str]]

# As HubSpot and GA4 call them in other languages.
PAID = r"(bezahlt|\bpag[oa]s?\b|pay[ée]e?s?\b|payante?s?\b|a pagamento|betaald)"
SEARCH = r"(\bsuch[em]|suche\b|b[úu]squeda|busca|recherche|ricerca|pesquisa|zoek)"
SOCIAL = r"(sozial|social|sociaux|sociais)"

CHANNELS: Words = (
    (r"chatgpt|perplexity|copilot|\bllm\b|\bai\b", "ai_assistant"),
    (r"google ads|adwords|bing|\bsem\b|\bppc\b|\bcpc\b|paid.?search|search.?ads?\b", "paid_search"),
    (rf"{PAID}.*{SEARCH}|{SEARCH}.*{PAID}|suchanzeige", "paid_search"),
    (rf"{PAID}.*{SOCIAL}|{SOCIAL}.*{PAID}", "paid_social"),
    (r"(paid|\bads?\b).*(social|facebook|meta|instagram|linkedin|tiktok)", "paid_social"),
    (r"(social|facebook|meta|instagram|linkedin|tiktok).*(paid|\bads?\b|anzeige)", "paid_social"),
    (r"display|banner|programmatic|retarget", "display"),
    (r"newsletter|e-?mail|mailing", "email"),
    (r"webinar", "webinar"),
    (r"event|\bmesse|trade.?show|conference|konferenz|\bfair\b|\bexpo\b|feria", "event"),
    (r"word of mouth|referral|referr|empfehl|verweis|recommend|indica", "referral"),
    (r"partner|reseller|affiliate|agency", "partner"),
    (rf"\bseo\b|organic.?search|google|duckduckgo|{SEARCH}", "organic_search"),
    (rf"facebook|instagram|linkedin|twitter|tiktok|youtube|xing|{SOCIAL}", "organic_social"),
    (r"cold|outbound|\bcall\b|telefon|prospect|\bsdr\b|outreach", "outbound"),
    (r"\blists?\b|zoominfo|apollo", "purchased_list"),
    (r"blog|content|ebook|e-book|white.?paper|download|podcast", "content"),
    (r"sponsor", "sponsorship"),
    (r"offline|\bprint|radio|\btv\b|flyer|direct mail|mailer", "offline"),
    (r"\bdirect\b|direkt|walk.?in", "direct"),
    (r"web|\bsite\b|homepage|\bforms?\b|landing|inbound|\bdemo\b", "web"),
    (r"unknown|unbekannt|none|n/a|keine", "unknown"),
)
STAGES: Words = (
    (r"disqual|unqual|reject|invalid|junk|spam|not interested|no fit|absage|abgelehnt", "rejected"),
    (r"nurtur|recycl|on hold|\blater\b|wiedervorlage", "recycled"),
    (r"\bmql\b|marketing.?qualif|demo booked|hand.?rais", "mql"),
    (r"\bsal\b|sales.?accept|accepted|angenommen", "sal"),
    (r"\bsql\b|sales.?qualif|^qualified$|qualifiziert", "sql"),
    (r"(?<!not )(?<!un)contacted|\bworking\b|attempt|in progress|(?<!nicht )kontaktiert", "sal"),
)
DEAL_STATUSES: Words = (
    (
        r"\blost\b|\bloss\b|verlor|perdid|perdu|\bpersa\b|abandon|disqual|cancel|storn|declin|"
        r"abgelehnt|no.?go|\bdead\b",
        "lost",
    ),
    (
        r"\bwon\b|\bwin\b|gewonnen|ganad|ganh|gagn|\bvint[ao]\b|\bsigned\b|abgeschlossen",
        "won",
    ),
)
DEAL_KINDS: Words = (
    (r"renew|verlänger|renov", "renewal"),
    (r"refund|charge.?back|credit|storno|erstattung", "refund"),
    (r"cross", "cross_sell"),
    (r"up.?sell|upgrade|expan|add.?on|existing|downgrade|replacement", "upsell"),
)


def guess(text: str, words: Words, otherwise: str) -> str:
    """What a text most likely means; it is proposed to a person, never taken for granted."""
    folded = text.casefold().replace("_", " ")
    return next((means for regex, means in words if re.search(regex, folded)), otherwise)


def slug(text: str) -> str:
    """A text as a name of ours."""
    return re.sub(r"\W+", "_", text.casefold()).strip("_") or "other"


@dataclass(frozen=True)
class Kind:
    """One definition, as far as words of the sources are looked up in it."""

    word: str
    """What is looked up, for a person."""
    columns: tuple[str, str]
    """The column of the text, and that of what it means."""
    effect: str
    """What becomes of a word that it does not know."""
    propose: Callable[[str], str]
    choices: tuple[str, ...] = ()
    matters: bool = True
    """Whether a number is wrong or missing while the word is not known."""
    has_system: bool = True


DEFINITIONS: Mapping[str, Kind] = {
    "stage_map": Kind(
        "stage",
        ("source_stage", "stage"),
        "left out of the funnel",
        lambda text: guess(text, STAGES, "none"),
        (*LADDER, "none"),
    ),
    "channel_map": Kind(
        "channel",
        ("source_value", "channel"),
        "counted under the channel `unmapped`",
        lambda text: guess(text, CHANNELS, "other"),
    ),
    "opportunity_stages": Kind(
        "deal stage",
        ("stage_name", "status"),
        "counted as an open deal",
        lambda text: guess(text, DEAL_STATUSES, "open"),
        STATUSES,
    ),
    "opportunity_kinds": Kind(
        "kind of deal",
        ("source_type", "kind"),
        "its kind is inferred",
        lambda text: guess(text, DEAL_KINDS, "new"),
        KINDS,
    ),
    "loss_reasons": Kind(
        "loss reason",
        ("source_reason", "loss_reason"),
        "kept as written",
        slug,
        matters=False,
    ),
    "exchange_rates": Kind(
        "currency",
        ("currency_code", "rate"),
        "these amounts are missing from every sum",
        lambda _: RATE,
        has_system=False,
    ),
    "cac_cost_types": Kind(
        "cost type",
        ("cost_type", "variant"),
        "in no CAC",
        lambda _: "fully_loaded",
        ("paid", "blended", "fully_loaded"),
        has_system=False,
    ),
    "sales_reps": Kind(
        "sales rep",
        ("sales_rep_id", "sales_rep"),
        "shown by the id, without a team",
        lambda text: text,
        matters=False,
    ),
}
FILES: Mapping[str, Sequence[str]] = {
    # No definition but a file of the exports: these are its columns.
    "sales_reps": ("sales_rep_id", "source_system", "sales_rep", "team", "region"),
}


@dataclass(frozen=True)
class Gap:
    """A word of a source that a definition does not know."""

    definition: str
    system: str
    text: str
    count: int
    files: tuple[str, ...] = ()
    first_day: date | None = None
    """Of the days on which it is not known, where the definition depends on the day."""
    last_day: date | None = None
    matters: bool = True

    @property
    def kind(self) -> Kind:
        """The definition that it belongs into."""
        return DEFINITIONS[self.definition]

    @property
    def shown(self) -> str:
        """The word, fit for a terminal; empty where it may be personal."""
        return shown(self.text)

    @property
    def can_be_pasted(self) -> bool:
        """Whether its row may stand on a terminal as it is."""
        return bool(self.shown) and self.text.isprintable()

    def values(self) -> dict[str, str]:
        """The row that makes it known, by column."""
        text_column, meaning = self.kind.columns
        return {
            "source_system": self.system,
            text_column: self.text,
            meaning: self.kind.propose(self.text),
            "is_excluded": str(slug(self.text) in EXCLUDED_REASONS).lower(),
            "is_paid_channels_only": "false",
            "version": "1",
            "valid_from": str(self.first_day or FIRST_DAY),
            "valid_to": LAST_DAY,
            "owner_sales": "Sales",
            "owner_marketing": "Marketing",
            "source": "Added by hand",
            "reason": "Added by hand",
        }

    def row(self, header: Sequence[str], delimiter: str = ",") -> str:
        """The row as a line of the definition's file, whose columns are in this order."""
        values = self.values()
        target = io.StringIO()
        cells = [values.get(name.strip().casefold(), "") for name in header]
        csv.writer(target, delimiter=delimiter, lineterminator="").writerow(cells)
        return target.getvalue()


def shown(text: str) -> str:
    """A text of a source, fit for a terminal: no control characters, not endless, no address."""
    if "@" in text:
        return ""
    return "".join(character for character in text if character.isprintable())[:LONGEST]


def sentence(word: str, system: str, text: str, counted: str, where: str) -> str:
    """What is not known, how often, and where to add it."""
    return f"{word} not mapped: {system} '{text}' {counted}; add it to {where}"


def place(definitions: Path, name: str) -> str:
    """A definition's file as the user knows it: their own, or the one to begin it with."""
    is_there = (definitions / name).exists()
    return f"definitions/{name}" + (
        "" if is_there else f" (begin with a copy of seeds/definitions/{name})"
    )


class Known:
    """What the definitions know: of each their rows, by column."""

    def __init__(
        self, rows: Mapping[str, Iterable[Mapping[str, object]]], reporting_currency: str
    ) -> None:
        self._rows: dict[tuple[str, str, str], list[tuple[date, date]]] = {}
        self._listed: set[tuple[str, str, str]] = set()
        self._anywhere: set[tuple[str, str]] = set()
        for definition, kind in DEFINITIONS.items():
            for row in rows.get(definition, ()):
                system = str(row["source_system"]) if kind.has_system else ""
                word = str(row[kind.columns[0]])
                days = (row.get("valid_from"), row.get("valid_to"))
                held = tuple(d if isinstance(d, date) else None for d in days)
                key = (definition, system, word.casefold())
                span = (held[0] or date.min, held[1] or date.max)
                self._rows.setdefault(key, []).append(span)
        self.channels = {str(row["channel"]).casefold() for row in rows.get("channels", ())}
        self._always = {
            "stage_map": set(LADDER),
            "channel_map": self.channels,
            "opportunity_kinds": set(KINDS),
            "loss_reasons": set(EXCLUDED_REASONS),
            "exchange_rates": {reporting_currency.casefold()},
        }

    def add(self, definition: str, system: str, texts: Collection[str]) -> None:
        """Words that a file makes known, whatever the day."""
        has_system = DEFINITIONS[definition].has_system
        for text in map(str.casefold, texts):
            self._listed.add((definition, system if has_system else "", text))
            # Where no system is stated, it may stand before the word, or not at all.
            self._anywhere |= {(definition, text), (definition, f"{system}:{text}")}

    def lists(self, definition: str, system: str) -> bool:
        """Whether any file makes words of this system known."""
        return any(key[0] == definition and system in ("", key[1]) for key in self._listed)

    def has(self, definition: str, system: str, text: str, day: date | None) -> bool:
        """Whether a word is known, on a day where that matters."""
        folded = text.casefold()
        if not system and (definition, folded) in self._anywhere:
            return True
        if folded in self._always.get(definition, ()):
            return True
        words = {folded}
        if definition == "opportunity_stages":
            # The pipeline in brackets may be left out.
            words.add(re.sub(r" \([^()]*\)$", "", folded))
        for word in words:
            key = (definition, system if DEFINITIONS[definition].has_system else "", word)
            if key in self._listed:
                return True
            for first, end in self._rows.get(key, ()):
                if day is None or first <= day < end:
                    return True
        return False
