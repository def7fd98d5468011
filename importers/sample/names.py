"""Invented French names: tables of our own and the ways two files spell one person differently."""

import unicodedata
from random import Random

STEMS = tuple(
    """
    Valbr Corvill Montesqu Rochev Lerm Castagn Brugu Delm Fontan Perr Garr Lavign Moriss Bertaud Chauv Duf Escoff
    Grim Haut Jouv Kerg Landr Marqu Noirt Orl Pess Quint Rév Sauv Tréz Urv Vass Wend Yvr Zéph Bél Crêt Drou Étch
    Frém Guéd Hébr Lécl Mén Pélic Séj Thév Vérit Bœuf Gâtin
    """.split()
)
ENDINGS = tuple(
    """
    ier eau on ot ault et in ac oux ières elle andeau ançon ettier is y ençon ard êt iche euil aï oën
    """.split()
)
PARTICLES = ("Le ", "De ", "D'", "Du ", "L'", "La ", "De la ", "O'", "Mac", "Ben ")
FROM_AFAR = tuple(
    """
    Okonwu Benhadji Nguyenh Vasconcélos Traoréké Kowalczik Øberg Müllner Gonçalvo Ñandez Haddadi Yıldan Čermin
    Diarrassou Ramanantso Pavlović Sánchiz Tchoumi Zerrouk Bà
    """.split()
)
GIRLS = tuple(
    """
    Aïcha Zoé Anaïs Noémie Inès Léa Chloé Jeanne Maëlys Gaëlle Éloïse Océane Héloïse Clémence Agathe Margaux
    Salomé Lucie Camille Yasmine Fatoumata Manon Romane Ambre Louise Capucine Apolline Élisa Thaïs Nour Solène
    Maïwenn Anne-Sophie Marie-Ève Rose-Aimée Lou-Anne Anna Rachel Eléa Mélusine Françoise Cœurine Béatrice N'Deye
    Tiphaine Victoire Ysée Zélie
    """.split()
)
BOYS = tuple(
    """
    Loïc Théo Maël Gaëtan Noé Raphaël Jules Hugo Léon Éthan Tiago Mathéo Youssef Ibrahima Gabriel Adrien Côme
    Félix Rémi Jérémie Cédric Joël Naël Aurélien Timothée Barthélemy Gaspard Maxence Ulysse Yanis Zacharie Eliott
    Évan Jean-Baptiste Pierre-Loïc Paul-Émile Marc-Aurèle Jean-François M'Bala D'Jibril Oscar Augustin Basile
    Corentin Hervé Klaus Sören Tàn
    """.split()
)
STREETS = ("rue des Écoles", "allée du Vieux-Moulin", "place de l'Hôtel-de-Ville", "chemin des Prés & Vignes")

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Alphabet of Pronote's own identifiers, without 0, 1, I, L and O (pronote-format 1.7)."""


WITHOUT_PLAIN_FORM = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ı": "i", "’": "'"})
"""Letters that Unicode does not decompose into a letter and an accent."""


def fold(text: str) -> str:
    """Return a text in lower case without accents nor ligatures, everything but letters and digits removed."""
    return "".join(char for char in unaccented(text).lower() if char.isascii() and char.isalnum())


def unaccented(text: str) -> str:
    """Return a text with its accents dropped and its ligatures spelt out."""
    apart = unicodedata.normalize("NFKD", text.translate(WITHOUT_PLAIN_FORM))
    return "".join(char for char in apart if not unicodedata.combining(char))


def idpn(rng: Random) -> str:
    """Return a new 16-character Pronote identifier."""
    return "".join(rng.choices(LETTERS, k=16))


class NamePool:
    """Draws names no two of which fold to the same text, so that homonyms are only those planted."""

    def __init__(self, rng: Random) -> None:
        """Start with no name taken."""
        self._rng = rng
        self._taken: set[tuple[str, str]] = set()

    def family(self) -> str:
        """Return a family name: plain, with a particle, from afar or double-barrelled."""
        chance = self._rng.random()
        if chance < 0.07:
            return self._rng.choice(PARTICLES) + self._plain()
        if chance < 0.17:
            return self._rng.choice(FROM_AFAR)
        if chance < 0.25:
            return f"{self._plain()}-{self._plain()}"
        if chance < 0.28:
            return f"{self._plain()} {self._rng.choice(PARTICLES)}{self._plain()}"
        return self._plain()

    def _plain(self) -> str:
        return self._rng.choice(STEMS) + self._rng.choice(ENDINGS)

    def given(self, female: bool) -> str:
        """Return a given name; one in thirty is a pair of given names."""
        table = GIRLS if female else BOYS
        first = self._rng.choice(table)
        return f"{first} {self._rng.choice(table)}" if self._rng.random() < 0.033 else first

    def person(self, female: bool, family: str | None = None) -> tuple[str, str]:
        """Return an unused (family, given) pair, keeping the family name asked for as long as it can."""
        for _ in range(40):
            pair = (family or self.family(), self.given(female))
            if self._claim(pair):
                return pair
        while not self._claim(pair := (self.family(), self.given(female))):
            continue
        return pair

    def _claim(self, pair: tuple[str, str]) -> bool:
        key = (fold(pair[0]), fold(pair[1]))
        if key in self._taken:
            return False
        self._taken.add(key)
        return True


def family_in_timetable(family: str, rng: Random) -> str:
    """Return a family name as timetable software prints it: upper case, at times without accents or hyphen."""
    shown = family.upper()
    chance = rng.random()
    if chance < 0.12:
        shown = unaccented(shown)
    if chance > 0.9:
        shown = shown.replace("-", " ")
    return shown.replace("'", "’") if 0.5 < chance < 0.55 else shown


def given_in_timetable(given: str, rng: Random) -> str:
    """Return a given name as timetable software prints it: at times unaccented, unhyphenated or in capitals."""
    chance = rng.random()
    if chance < 0.08:
        return unaccented(given)
    if chance < 0.12:
        return given.replace("-", " ")
    return given.upper() if chance > 0.97 else given
