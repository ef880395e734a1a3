"""What people read, in both languages of the project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lang = Literal["ko", "en"]
LANGS: tuple[Lang, ...] = ("ko", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or title in Korean and English; neither may be empty (checks/definitions.py)."""

    ko: str
    en: str

    def get(self, lang: Lang) -> str:
        return self.ko if lang == "ko" else self.en
