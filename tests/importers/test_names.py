"""Folding of names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.names import fold, squeeze


@pytest.mark.req("R154")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LEFÈVRE", "lefevre"),
        ("PETIT-JEAN", "Petit  Jean"),
        ("L\u2019HERMITTE", "l'hermitte"),
        ("CŒURDELION", "Coeurdelion"),
        ("Jean\u2011Noël ", "JEAN NOEL"),
        ("LÆTITIA", "Laetitia"),
    ],
)
def test_spellings_of_one_name_fold_to_one_text(one, other):
    assert fold(one) == fold(other)


def test_an_apostrophe_or_none_is_the_same_name_once_squeezed():
    assert squeeze("N'DIAYE") == squeeze("Ndiaye") == "ndiaye"


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
