"""Which of the languages that we can read a comment is written in, from its commonest words."""

from __future__ import annotations

import re

COMMON = {
    "en": "an your only over out up it's i'm go get which than what don't doesn't didn't can't won't isn't place "
    "the and is was were are it its i my me we you he she they this that to of in on for with not but very so "
    "have had has be been at as or if from will would all there no just good great nice love bad staff service "
    "friendly thank thanks poor excellent awesome terrible horrible awful perfect disappointed happy never "
    "again too slow dirty rude",
    "de": "der die das und ist war waren sind es ich mir mich wir uns sie er ein eine einen einem einer nicht kein "
    "keine zu in auf für mit aber sehr so hat habe haben hatte bin bei als oder wenn von vom wird alle alles "
    "da dort nur auch im am zum zur wie gut sehr super schlecht schön nett leider danke immer wieder nie "
    "freundlich toll gerne enttäuscht schnell beratung bedienung personal",
    "fr": "le la les et est était une des du pas très je nous vous il elle pour avec mais sur dans que qui ce cette "
    "bien mauvais bon merci service trop jamais",
    "es": "el la los las y es era una unos no muy yo nos usted con pero por para que esta este bien bueno malo "
    "gracias todo nunca servicio mucho",
    "it": "il la le gli e è era una non molto io noi con ma per che questo questa bene buono grazie tutto mai servizio",
    "nl": "de het een en is was niet zeer ik wij we jullie met maar voor op van dat dit goed slecht bedankt alles "
    "nooit heel erg",
    "pt": "o os as e é era uma não muito eu nós com mas por para que este esta bem bom mau obrigado tudo nunca",
    "pl": "i jest był była nie bardzo ja my z ale na w do że to dobrze dobry zły dziękuję wszystko nigdy",
    "tr": "ve bir bu çok değil ben biz ile ama için iyi kötü teşekkürler her hiç",
}
_WORDS = {code: frozenset(words.split()) for code, words in COMMON.items()}
_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
READABLE = ("en", "de")
# A longer text without one common word is in no language that the hint could mean.
HINT_WORDS = 12


def language_of(text: str, hint: str = "") -> str:
    """The code of the language ("en", "de", "fr", …), or "" when nothing speaks for any.

    `hint` decides between equals, and speaks for a text that holds no common word at all but is in Latin letters.
    """
    words = [word.lower() for word in _LETTERS.findall(text)]
    if not words:
        return ""
    latin = sum(word[0] < "\u0250" for word in words)
    if latin < len(words) / 2:
        return ""
    hits = {code: sum(word in common for word in words) for code, common in _WORDS.items()}
    best = max(hits.values())
    if best == 0:
        return hint if hint in READABLE and len(words) <= HINT_WORDS else ""
    leaders = [code for code, count in hits.items() if count == best]
    return hint if hint in leaders else leaders[0]
